package main

import (
	"context"
	"flag"
	"io"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

// receipt is what became of the calls.
type receipt struct {
	Calls int `json:"calls"`
	// By status and message.
	Failed map[string]int `json:"failed"`
	// By the server that answered.
	Served map[string]int `json:"served"`
}

// call makes unary calls at a steady rate until standard input ends, and says what became of them.
func call(args []string) error {
	flags := flag.NewFlagSet("call", flag.ExitOnError)
	endpoints := flags.String("etcd", "", "host:port of etcd")
	service := flags.String("service", pb.TestService_ServiceDesc.ServiceName, "its full proto name")
	rate := flags.Int("rate", 200, "calls per second")
	bare := flags.Bool("bare", false, "neither wait for a connection nor retry")
	_ = flags.Parse(args)
	etcd, err := connectEtcd(*endpoints)
	if err != nil {
		return err
	}
	defer etcd.Close()
	config := serviceConfig
	if *bare {
		config = bareConfig
	}
	conn, err := dialService(etcd, *service, config)
	if err != nil {
		return err
	}
	defer conn.Close()
	first, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client := pb.NewTestServiceClient(conn)
	if _, err := client.EmptyCall(first, &pb.Empty{}, grpc.WaitForReady(true)); err != nil {
		return err
	}
	if err := say(map[string]bool{"calling": true}); err != nil {
		return err
	}
	return say(load(client, *rate))
}

func load(client pb.TestServiceClient, rate int) *receipt {
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	r := &receipt{Failed: map[string]int{}, Served: map[string]int{}}
	var lock sync.Mutex
	var calls sync.WaitGroup
	ticks := time.NewTicker(time.Second / time.Duration(rate))
	defer ticks.Stop()
	for {
		select {
		case <-ended:
			calls.Wait()
			return r
		case <-ticks.C:
		}
		r.Calls++
		calls.Add(1)
		go func() {
			defer calls.Done()
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			response, err := client.UnaryCall(ctx, &pb.SimpleRequest{FillServerId: true})
			lock.Lock()
			defer lock.Unlock()
			if err != nil {
				r.Failed[status.Code(err).String()+": "+status.Convert(err).Message()]++
			} else {
				r.Served[response.GetServerId()]++
			}
		}()
	}
}
