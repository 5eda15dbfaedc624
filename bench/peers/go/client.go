package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	bench "rollcall.invalid/bench/gen/bench/v1"
)

type caller struct {
	echo bench.EchoClient
}

func connect(address string) (*caller, error) {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	return &caller{bench.NewEchoClient(connection)}, nil
}

// What a client has done in one go.
type done struct {
	Calls   int     `json:"calls"`
	Seconds float64 `json:"seconds"`
	P50Us   float64 `json:"p50Us"`
	P99Us   float64 `json:"p99Us"`
}

// load keeps `concurrency` calls under way; a call that fails or answers something else ends the benchmark.
func (c *caller) load(concurrency, bytes int, ms float64) (done, error) {
	text := strings.Repeat("x", bytes)
	latencies := make([][]time.Duration, concurrency)
	failures := make(chan error, concurrency)
	var workers sync.WaitGroup
	begun := time.Now()
	end := begun.Add(time.Duration(ms * float64(time.Millisecond)))
	for n := range concurrency {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for now := begun; now.Before(end); {
				answer, err := c.echo.Say(context.Background(), &bench.Text{Text: text})
				if err != nil {
					failures <- err
					return
				}
				if got := len(answer.GetText()); got != bytes {
					failures <- fmt.Errorf("%d characters came back of %d", got, bytes)
					return
				}
				after := time.Now()
				latencies[n] = append(latencies[n], after.Sub(now))
				now = after
			}
		}()
	}
	workers.Wait()
	seconds := time.Since(begun).Seconds()
	select {
	case err := <-failures:
		return done{}, err
	default:
	}
	all := slices.Concat(latencies...)
	slices.Sort(all)
	at := func(share float64) float64 {
		return math.Round(float64(all[int(float64(len(all))*share)]) / float64(time.Microsecond))
	}
	return done{Calls: len(all), Seconds: seconds, P50Us: at(0.5), P99Us: at(0.99)}, nil
}
