import type { Logger } from "pino";
import { ConfigError } from "../errors.js";
import type { Clock } from "../ports/clock.js";
import {
  CertificateError,
  loadCertificates,
  outOfDate,
  type CertificateFiles,
  type Certificates,
} from "./certificates.js";
import { systemFiles, type FileAccess } from "./file-access.js";
import { pathsOf, readFiles, readFilesSync, sameContents } from "./read-files.js";

/** The certificates in use, for as long as they are; after the certificate providers of gRFC A29. */
export interface CertificateProvider {
  readonly current: Certificates;
  /** Called with each new set. Returns its removal. */
  onChange(listener: (certificates: Certificates) => void): () => void;
  /** Begins to look for new files. */
  start(): void;
  close(): void;
}

/** What a provider that reads certificates from files works with. */
export interface CertificateProviderEnv {
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often the files are read, in milliseconds; changes that the system tells of are seen at once. Default 10 000. */
  readonly reloadIntervalMs?: number | undefined;
  /** Default: the machine's files. */
  readonly access?: FileAccess | undefined;
}

/** Who replaces several files, or writes one in parts, gets this long before they are read. */
const settleMs = 100;
/** What looks broken may be half written: it is read again after this long before anybody is told. */
const secondLookMs = 1_000;

/**
 * Reads certificates from files now, and once started whenever they change: replaced, overwritten, or behind a link that
 * leads elsewhere now, as Kubernetes does it. What does not fit together or is out of date is not taken: the last good
 * certificates stay, with one warning.
 * @throws ConfigError naming the option and the file when they cannot be used now
 */
export function createCertificateProvider(
  files: CertificateFiles,
  env: CertificateProviderEnv,
): CertificateProvider {
  if ((files.certFile === undefined) !== (files.keyFile === undefined))
    throw new ConfigError("option tls: certFile and keyFile belong together; set both or none");
  try {
    return new FileCertificateProvider(files, env);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new ConfigError(`option tls: ${error.message}`);
  }
}

class FileCertificateProvider implements CertificateProvider {
  readonly #files: CertificateFiles;
  readonly #env: CertificateProviderEnv;
  readonly #access: FileAccess;
  readonly #listeners = new Set<(certificates: Certificates) => void>();
  #current: Certificates;
  #running = false;
  #stopWatch: () => void = () => {};
  #stopTimer: () => void = () => {};
  #nextMs = Infinity;
  #reading = false;
  #again = false;
  /** What is wrong with the files, as seen last and as told last. */
  #fault: string | undefined;
  #told: string | undefined;
  /** The certificates whose age was told. */
  #aged: Certificates | undefined;

  constructor(files: CertificateFiles, env: CertificateProviderEnv) {
    this.#files = files;
    this.#env = env;
    this.#access = env.access ?? systemFiles;
    this.#current = loadCertificates(files, readFilesSync(files, this.#access));
    this.#warnOfAge();
  }

  get current(): Certificates {
    return this.#current;
  }

  onChange(listener: (certificates: Certificates) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    const paths = pathsOf(this.#files);
    if (this.#running || paths.length === 0) return;
    this.#running = true;
    this.#stopWatch = this.#access.watch(paths, () => this.#lookIn(settleMs));
    // They may have changed since they were read first.
    this.#lookIn(0);
  }

  close(): void {
    this.#running = false;
    this.#stopTimer();
    this.#stopWatch();
    this.#listeners.clear();
  }

  #lookIn(ms: number): void {
    if (!this.#running) return;
    if (this.#reading) {
      this.#again = true;
      return;
    }
    // In a folder where something changes all the time the look must not be put off for ever.
    const atMs = this.#env.clock.now() + ms;
    if (this.#nextMs <= atMs) return;
    this.#nextMs = atMs;
    this.#stopTimer();
    this.#stopTimer = this.#env.clock.timer(ms, () => void this.#look());
  }

  async #look(): Promise<void> {
    this.#nextMs = Infinity;
    this.#reading = true;
    this.#again = false;
    const fault = await this.#reload();
    this.#reading = false;
    const isNew = fault !== undefined && fault !== this.#fault;
    this.#fault = fault;
    if (!isNew && fault !== this.#told) {
      this.#told = fault;
      if (fault !== undefined) this.#env.logger.warn(`tls: ${fault}; the last good certificates stay in use`);
    }
    this.#warnOfAge();
    if (this.#again) this.#lookIn(settleMs);
    else this.#lookIn(isNew ? secondLookMs : (this.#env.reloadIntervalMs ?? 10_000));
  }

  /** Returns why what is there now cannot be used, if it cannot. */
  async #reload(): Promise<string | undefined> {
    const { clock, logger } = this.#env;
    try {
      const pem = await readFiles(this.#files, this.#access);
      if (!this.#running || sameContents(pem, this.#current.pem)) return undefined;
      const next = loadCertificates(this.#files, pem);
      const age = outOfDate(next, clock.now());
      const isNewCertificate = !sameContents(
        { certFile: pem.certFile },
        { certFile: this.#current.pem.certFile },
      );
      if (age !== undefined && isNewCertificate)
        return `the new certificate in ${this.#files.certFile} ${age}`;
      this.#current = next;
      logger.info({ notAfter: next.notAfter }, "tls: new certificates in use");
      for (const listener of this.#listeners) listener(next);
      return undefined;
    } catch (error) {
      if (error instanceof CertificateError) return error.message;
      logger.error({ err: error }, "tls: the certificates could not be replaced");
      return undefined;
    }
  }

  /** Once for each: handshakes will fail, and where they do only that is seen. */
  #warnOfAge(): void {
    if (this.#aged === this.#current) return;
    const age = outOfDate(this.#current, this.#env.clock.now());
    if (age === undefined) return;
    this.#aged = this.#current;
    this.#env.logger.warn(`tls: the certificate in ${this.#files.certFile} ${age}`);
  }
}
