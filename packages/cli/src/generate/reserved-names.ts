const words = [
  // reserved words of JavaScript in modules
  "arguments await break case catch class const continue debugger default delete do else enum eval export extends",
  "false finally for function if implements import in instanceof interface let new null package private protected",
  "public return static super switch this throw true try typeof var void while with yield",
  // TypeScript: names of types and words that change how a type is read
  "abstract accessor any as asserts assert async bigint boolean constructor declare from get global infer intrinsic",
  "is keyof module namespace never number object of out override readonly require satisfies set string symbol type",
  "undefined unique unknown using globalThis",
];

/** Words that cannot name, or would be misread as, a type or a constant. */
export const reservedNames: ReadonlySet<string> = new Set(words.flatMap((line) => line.split(" ")));

/** Globals that generated code refers to. */
export const usedGlobals: ReadonlySet<string> = new Set(["Buffer", "Uint8Array", "globalThis"]);
