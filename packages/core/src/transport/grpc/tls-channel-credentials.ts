import { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { connect, type PeerCertificate } from "node:tls";
import { CallCredentials, ChannelCredentials } from "@grpc/grpc-js";
import type { CertificateProvider } from "../../tls/certificate-provider.js";
import { certifies, describeNames, sniOf } from "../../tls/server-name.js";

type SecureConnector = ReturnType<ChannelCredentials["_createSecureConnector"]>;

/**
 * TLS to a server that must prove to be `serverName`, whatever address it is at. Each connection uses the certificates
 * that are current when it is made: grpc-js' own credentials would take a new channel.
 */
export class TlsChannelCredentials extends ChannelCredentials {
  readonly #certificates: CertificateProvider;
  readonly #serverName: string;

  constructor(certificates: CertificateProvider, serverName: string) {
    super();
    this.#certificates = certificates;
    this.#serverName = serverName;
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    _target: unknown,
    _options: unknown,
    callCredentials: CallCredentials = CallCredentials.createEmpty(),
  ): SecureConnector {
    return {
      connect: (socket) => this.#handshake(socket),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => callCredentials,
      destroy: () => {},
    };
  }

  #handshake(socket: Socket): ReturnType<SecureConnector["connect"]> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error("the server closed the connection during the TLS handshake"));
      const secured = connect({
        socket,
        secureContext: this.#certificates.current.context,
        servername: sniOf(this.#serverName),
        ALPNProtocols: ["h2"],
        checkServerIdentity: (_host, certificate) => this.#check(certificate),
      });
      secured.once("close", gone).once("error", reject);
      secured.once("secureConnect", () => {
        secured.off("close", gone).off("error", reject);
        // Node has ended it already if not; nothing may follow from believing so.
        if (!secured.authorized) return reject(secured.authorizationError);
        resolve({ socket: secured, secure: true });
      });
    });
  }

  #check({ raw }: PeerCertificate): Error | undefined {
    const certificate = new X509Certificate(raw);
    if (certifies(certificate, this.#serverName)) return undefined;
    return new Error(
      `the server's certificate is for ${describeNames(certificate)}, not for "${this.#serverName}" (option tls.serverName)`,
    );
  }
}
