/** A running server of grpc.testing.TestService. */
export interface InteropServer extends AsyncDisposable {
  readonly address: string;
}
