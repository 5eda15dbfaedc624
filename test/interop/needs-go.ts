/** Ends the name of the test that stands for a suite without its Go. */
export const needsGo = "[needs Go: https://go.dev/dl/]";
