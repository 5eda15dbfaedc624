package main

import (
	"bufio"
	"context"
	"flag"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

// receipt is what became of the calls.
type receipt struct {
	lock  sync.Mutex
	Calls int `json:"calls"`
	// By status and message.
	Failed map[string]int `json:"failed"`
	// By the server that answered.
	Served map[string]int `json:"served"`
}

// call makes unary calls at a steady rate until standard input ends. It says what became of them: so far at each line
// of its input, and at its end.
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
	return load(client, *rate)
}

func load(client pb.TestServiceClient, rate int) error {
	lines := make(chan struct{})
	go func() {
		defer close(lines)
		for input := bufio.NewScanner(os.Stdin); input.Scan(); {
			lines <- struct{}{}
		}
	}()
	r := &receipt{Failed: map[string]int{}, Served: map[string]int{}}
	var calls sync.WaitGroup
	ticks := time.NewTicker(time.Second / time.Duration(rate))
	defer ticks.Stop()
	for {
		select {
		case _, more := <-lines:
			if !more {
				calls.Wait()
				return r.say()
			}
			if err := r.say(); err != nil {
				return err
			}
		case <-ticks.C:
			calls.Go(func() { r.count(one(client)) })
		}
	}
}

func one(client pb.TestServiceClient) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	response, err := client.UnaryCall(ctx, &pb.SimpleRequest{FillServerId: true})
	return response.GetServerId(), err
}

func (r *receipt) count(server string, err error) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.Calls++
	if err != nil {
		r.Failed[status.Code(err).String()+": "+status.Convert(err).Message()]++
	} else {
		r.Served[server]++
	}
}

func (r *receipt) say() error {
	r.lock.Lock()
	defer r.lock.Unlock()
	return say(r)
}
