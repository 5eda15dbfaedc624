// One side of grpc-go in the benchmark: a server, or a client under load, that does as the lines on its standard input say.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// As bench/src/calls/messages.ts has them.
type order struct {
	Do          string  `json:"do"`
	Address     *string `json:"address"`
	Concurrency int     `json:"concurrency"`
	Bytes       int     `json:"bytes"`
	Ms          float64 `json:"ms"`
}

func main() {
	if err := obey(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Nothing outlives the benchmark: the end of the input is the end.
func obey() error {
	answers := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	var client *caller
	for lines.Scan() {
		var next order
		if err := json.Unmarshal(lines.Bytes(), &next); err != nil {
			return err
		}
		var answer any
		var err error
		switch {
		case next.Do == "start" && next.Address == nil:
			answer, err = serve()
		case next.Do == "start":
			client, err = connect(*next.Address)
		case next.Do == "load":
			answer, err = client.load(next.Concurrency, next.Bytes, next.Ms)
		case next.Do == "usage":
			answer, err = used()
		case next.Do == "stop":
			return nil
		default:
			err = fmt.Errorf("unknown order %q", next.Do)
		}
		if err != nil {
			return err
		}
		if err := answers.Encode(map[string]any{"answer": answer}); err != nil {
			return err
		}
	}
	return lines.Err()
}
