package main

import (
	"context"
	"net"

	"google.golang.org/grpc"
	bench "rollcall.invalid/bench/gen/bench/v1"
)

type echo struct {
	bench.UnimplementedEchoServer
}

func (echo) Say(_ context.Context, request *bench.Text) (*bench.Text, error) {
	return request, nil
}

// serve answers with its address.
func serve() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := grpc.NewServer()
	bench.RegisterEchoServer(server, echo{})
	go server.Serve(listener)
	return listener.Addr().String(), nil
}
