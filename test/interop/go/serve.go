package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/interop"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
)

// testServer is grpc-go's own, which also says who it is, and compresses what it is asked to.
type testServer struct {
	pb.TestServiceServer
	address string
}

func (s *testServer) UnaryCall(ctx context.Context, in *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	if in.GetResponseCompressed().GetValue() {
		if err := grpc.SetSendCompressor(ctx, "gzip"); err != nil {
			return nil, err
		}
	}
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		for _, value := range md["x-large"] {
			_ = grpc.SetHeader(ctx, metadata.Pairs("x-large", value))
		}
	}
	if deadline, ok := ctx.Deadline(); ok {
		left := fmt.Sprint(time.Until(deadline).Milliseconds())
		_ = grpc.SetTrailer(ctx, metadata.Pairs("x-timeout-ms", left))
	}
	response, err := s.TestServiceServer.UnaryCall(ctx, in)
	if err == nil && in.GetFillServerId() {
		response.ServerId = s.address
	}
	return response, err
}

// serve obeys the lines of standard input: register, leave, drain (leave, then GracefulStop), stop (GracefulStop at
// once); it answers each when it is done.
func serve(args []string) error {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	cert := flags.String("cert", "", "a PEM file; none: plain text")
	key := flags.String("key", "", "a PEM file")
	endpoints := flags.String("etcd", "", "host:port of etcd")
	pings := flags.Duration("min-ping-interval", 0, "0 for grpc-go's own, 5 min")
	address := flags.String("address", "127.0.0.1:0", "to listen on")
	_ = flags.Parse(args)
	var options []grpc.ServerOption
	if *cert != "" {
		creds, err := credentials.NewServerTLSFromFile(*cert, *key)
		if err != nil {
			return err
		}
		options = append(options, grpc.Creds(creds))
	}
	if *pings > 0 {
		options = append(options, grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: *pings}))
	}
	var etcd *clientv3.Client
	if *endpoints != "" {
		var err error
		if etcd, err = connectEtcd(*endpoints); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		return err
	}
	own := listener.Addr().String()
	server := grpc.NewServer(options...)
	pb.RegisterTestServiceServer(server, &testServer{TestServiceServer: interop.NewTestServer(), address: own})
	go obey(server, etcd, own)
	if err := say(map[string]string{"listening": own}); err != nil {
		return err
	}
	err = server.Serve(listener)
	// Serve returns when the draining begins; obey ends the process when it is over.
	if err == nil {
		select {}
	}
	return err
}

func obey(server *grpc.Server, etcd *clientv3.Client, address string) {
	var e *entry
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var err error
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		switch lines.Text() {
		case "register":
			e, err = register(ctx, etcd, pb.TestService_ServiceDesc.ServiceName, address)
		case "leave":
			err = e.leave(ctx)
			e = nil
		case "drain":
			err = drain(ctx, e, server)
		case "stop":
			server.GracefulStop()
		}
		cancel()
		if err != nil {
			fmt.Fprintln(os.Stderr, "peer:", lines.Text(), err)
			os.Exit(1)
		}
		_ = say(map[string]string{"done": lines.Text()})
		if lines.Text() == "drain" || lines.Text() == "stop" {
			os.Exit(0)
		}
	}
	// Whoever started us is gone, or has no more use for us.
	if e != nil {
		_ = e.leave(context.Background())
	}
	os.Exit(0)
}
