// The Go side of the interop tests: stock grpc-go and etcd's own packages, nothing of Rollcall.
//
//	peer case   run one official interop case against a server
//	peer serve  serve grpc.testing.TestService, in etcd if asked to
//	peer call   make calls through etcd's resolver until standard input ends
//	peer probe  make one call and say what came back
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	commands := map[string]func([]string) error{"case": runCase, "serve": serve, "call": call, "probe": probe}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "peer: want case, serve, call or probe")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

// say writes a line of JSON for the test that started us.
func say(what any) error {
	return json.NewEncoder(os.Stdout).Encode(what)
}
