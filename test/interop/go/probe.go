package main

import (
	"context"
	"flag"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding/gzip"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// outcome is what one call came to.
type outcome struct {
	Code    string              `json:"code"`
	Message string              `json:"message"`
	Bytes   int                 `json:"bytes"`
	Header  map[string][]string `json:"header"`
	Trailer map[string][]string `json:"trailer"`
}

// probe makes one unary call of an unusual kind and says what came back.
func probe(args []string) error {
	flags := flag.NewFlagSet("probe", flag.ExitOnError)
	address := flags.String("address", "", "of the server")
	compress := flags.Bool("gzip", false, "compress the request")
	large := flags.Int("metadata-bytes", 0, "of metadata to send as x-large")
	timeout := flags.Duration("timeout", 10*time.Second, "of the call; 0 for none")
	code := flags.Int("status", 0, "to ask for")
	message := flags.String("message", "", "of that status")
	size := flags.Int("size", 0, "of both payloads")
	_ = flags.Parse(args)
	conn, err := dial(*address, "")
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx := context.Background()
	if *timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *timeout)
		defer cancel()
	}
	if *large > 0 {
		ctx = metadata.AppendToOutgoingContext(ctx, "x-large", strings.Repeat("a", *large))
	}
	request := &pb.SimpleRequest{ResponseSize: int32(*size), Payload: &pb.Payload{Body: make([]byte, *size)}}
	if *code != 0 {
		request.ResponseStatus = &pb.EchoStatus{Code: int32(*code), Message: *message}
	}
	var header, trailer metadata.MD
	options := []grpc.CallOption{grpc.Header(&header), grpc.Trailer(&trailer)}
	if *compress {
		options = append(options, grpc.UseCompressor(gzip.Name))
	}
	response, err := pb.NewTestServiceClient(conn).UnaryCall(ctx, request, options...)
	return say(outcome{
		Code:    status.Code(err).String(),
		Message: status.Convert(err).Message(),
		Bytes:   len(response.GetPayload().GetBody()),
		Header:  header,
		Trailer: trailer,
	})
}
