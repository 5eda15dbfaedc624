import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An authority of our own, and certificates it signed for 127.0.0.1 and for a client; paths of PEM files. */
export class Certificates implements Disposable {
  readonly #folder: string = mkdtempSync(join(tmpdir(), "rollcall-certificates-"));
  readonly ca: string = this.#path("ca.pem");
  readonly serverCert: string = this.#path("server.pem");
  readonly serverKey: string = this.#path("server.key");
  readonly clientCert: string = this.#path("client.pem");
  readonly clientKey: string = this.#path("client.key");

  constructor() {
    const caKey = this.#path("ca.key");
    this.#openssl(
      "req",
      "-x509",
      ...newKey(caKey),
      "-out",
      this.ca,
      "-subj",
      "/CN=test authority",
      "-days",
      "1",
    );
    this.#sign(
      "server",
      this.serverKey,
      this.serverCert,
      "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth",
    );
    this.#sign("client", this.clientKey, this.clientCert, "extendedKeyUsage=clientAuth");
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #sign(name: string, key: string, cert: string, extensions: string): void {
    const request = this.#path(`${name}.csr`);
    const extensionFile = this.#path(`${name}.ext`);
    writeFileSync(extensionFile, extensions);
    this.#openssl("req", ...newKey(key), "-out", request, "-subj", `/CN=${name}`);
    const authority = ["-CA", this.ca, "-CAkey", this.#path("ca.key"), "-CAcreateserial"];
    this.#openssl(
      "x509",
      "-req",
      "-in",
      request,
      ...authority,
      "-out",
      cert,
      "-days",
      "1",
      "-extfile",
      extensionFile,
    );
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  #openssl(...args: string[]): void {
    execFileSync("openssl", args, { stdio: "pipe" });
  }
}

function newKey(file: string): string[] {
  return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file];
}
