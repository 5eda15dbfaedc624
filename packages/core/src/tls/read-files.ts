import { CertificateError, type CertificateFiles, type PemContents } from "./certificates.js";
import type { FileAccess } from "./file-access.js";

const names = ["certFile", "keyFile", "caFile"] as const;

/** @throws CertificateError naming the file that cannot be read */
export function readFilesSync(files: CertificateFiles, access: FileAccess): PemContents {
  const read = (name: (typeof names)[number], path: string): Buffer => {
    try {
      return access.readSync(path);
    } catch (error) {
      throw unreadable(name, path, error);
    }
  };
  return Object.fromEntries(given(files).map(([name, path]) => [name, read(name, path)]));
}

/** As `readFilesSync`, without holding up the process for a slow file system. */
export async function readFiles(files: CertificateFiles, access: FileAccess): Promise<PemContents> {
  const read = async (name: (typeof names)[number], path: string): Promise<[string, Buffer]> => {
    try {
      return [name, await access.read(path)];
    } catch (error) {
      throw unreadable(name, path, error);
    }
  };
  return Object.fromEntries(await Promise.all(given(files).map(([name, path]) => read(name, path))));
}

/** The files' paths. */
export function pathsOf(files: CertificateFiles): string[] {
  return given(files).map(([, path]) => path);
}

export function sameContents(a: PemContents, b: PemContents): boolean {
  return names.every((name) => (a[name] ?? empty).equals(b[name] ?? empty));
}

const empty = Buffer.alloc(0);

function given(files: CertificateFiles): [(typeof names)[number], string][] {
  return names.flatMap((name) => {
    const path = files[name];
    return path === undefined ? [] : [[name, path]];
  });
}

function unreadable(name: string, path: string, error: unknown): CertificateError {
  const { code = "unknown error" } = error as { code?: string };
  return new CertificateError(`${path} (${name}) cannot be read: ${code}`);
}
