/** The shells that there is a script for. */
export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/**
 * What a shell has to be told once. Each asks `rollcall completion words` for lines of a word, a tab and a description, and
 * offers files where there are none. What comes back is never evaluated.
 */
export const scripts: Readonly<Record<Shell, string>> = {
  bash: `# Completion of rollcall for bash; in ~/.bashrc: source <(rollcall completion bash)
_rollcall_completion() {
  # Not COMP_WORDS, which bash also splits at colons and equals signs.
  local line="\${COMP_LINE:0:COMP_POINT}" found
  local -a words
  read -r -a words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  COMPREPLY=()
  while IFS= read -r found; do
    [[ -n "$found" ]] && COMPREPLY+=("\${found%%$'\\t'*}")
  done < <(rollcall completion words -- "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _rollcall_completion rollcall`,
  zsh: `#compdef rollcall
# Completion of rollcall for zsh; in ~/.zshrc, behind compinit: source <(rollcall completion zsh)
_rollcall() {
  local -a found
  found=("\${(@f)$(rollcall completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=("\${(@)found:#}")
  if (( \${#found} )); then
    found=("\${(@)found//:/\\\\:}")
    found=("\${(@)found/$'\\t'/:}")
    _describe rollcall found
  else
    _files
  fi
}
compdef _rollcall rollcall`,
  fish: `# Completion of rollcall for fish; in ~/.config/fish/config.fish: rollcall completion fish | source
function __rollcall_candidates
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l found (rollcall completion words -- $words[2..-1] "$current" 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path "$current"
  end
end
complete -c rollcall -f -a '(__rollcall_candidates)'`,
};
