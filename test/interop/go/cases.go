package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	pb "google.golang.org/grpc/interop/grpc_testing"
)

type testCase func(ctx context.Context, conn *grpc.ClientConn)

// over adapts grpc-go's own cases, which end the process with a message when they fail.
func over(do func(context.Context, pb.TestServiceClient, ...grpc.CallOption)) testCase {
	return func(ctx context.Context, conn *grpc.ClientConn) { do(ctx, pb.NewTestServiceClient(conn)) }
}

var cases = map[string]testCase{
	"empty_unary":                 over(interop.DoEmptyUnaryCall),
	"large_unary":                 over(interop.DoLargeUnaryCall),
	"client_streaming":            over(interop.DoClientStreaming),
	"server_streaming":            over(interop.DoServerStreaming),
	"ping_pong":                   over(interop.DoPingPong),
	"empty_stream":                over(interop.DoEmptyStream),
	"timeout_on_sleeping_server":  over(interop.DoTimeoutOnSleepingServer),
	"cancel_after_begin":          over(interop.DoCancelAfterBegin),
	"cancel_after_first_response": over(interop.DoCancelAfterFirstResponse),
	"custom_metadata":             over(interop.DoCustomMetadata),
	"status_code_and_message":     over(interop.DoStatusCodeAndMessage),
	"special_status_message":      over(interop.DoSpecialStatusMessage),
	"unimplemented_method":        interop.DoUnimplementedMethod,
	"unimplemented_service": func(ctx context.Context, conn *grpc.ClientConn) {
		interop.DoUnimplementedService(ctx, pb.NewUnimplementedServiceClient(conn))
	},
}

func runCase(args []string) error {
	flags := flag.NewFlagSet("case", flag.ExitOnError)
	address := flags.String("address", "", "of the server")
	ca := flags.String("ca", "", "a PEM file to trust; none: plain text")
	name := flags.String("name", "", "of the case")
	_ = flags.Parse(args)
	run := cases[*name]
	if run == nil {
		return fmt.Errorf("no case %q", *name)
	}
	conn, err := dial(*address, *ca)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	run(ctx, conn)
	return nil
}

// dial connects to one address, in plain text without a CA.
func dial(address, ca string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	creds := insecure.NewCredentials()
	if ca != "" {
		var err error
		if creds, err = credentials.NewClientTLSFromFile(ca, ""); err != nil {
			return nil, err
		}
	}
	return grpc.NewClient(address, append(options, grpc.WithTransportCredentials(creds))...)
}
