package main

import (
	"context"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/naming/endpoints"
	"google.golang.org/grpc"
)

// entry is one server's place in etcd.
type entry struct {
	manager endpoints.Manager
	key     string
	etcd    *clientv3.Client
	lease   clientv3.LeaseID
}

// register makes a server known to callers of a service, for as long as this process renews its lease.
func register(ctx context.Context, etcd *clientv3.Client, service, address string) (*entry, error) {
	target := "services/" + service
	manager, err := endpoints.NewManager(etcd, target)
	if err != nil {
		return nil, err
	}
	lease, err := etcd.Grant(ctx, 5)
	if err != nil {
		return nil, err
	}
	renewals, err := etcd.KeepAlive(context.Background(), lease.ID)
	if err != nil {
		return nil, err
	}
	go func() {
		for range renewals {
		}
	}()
	e := &entry{manager, target + "/" + address, etcd, lease.ID}
	return e, manager.AddEndpoint(ctx, e.key, endpoints.Endpoint{Addr: address}, clientv3.WithLease(lease.ID))
}

// leave takes the server away from its callers; they need a moment to learn of it.
func (e *entry) leave(ctx context.Context) error {
	if err := e.manager.DeleteEndpoint(ctx, e.key); err != nil {
		return err
	}
	_, err := e.etcd.Revoke(ctx, e.lease)
	return err
}

// drain ends a server without a dropped call: out of etcd, callers learn of it, GOAWAY, calls in flight end.
func drain(ctx context.Context, e *entry, server *grpc.Server) error {
	err := e.leave(ctx)
	time.Sleep(500 * time.Millisecond)
	server.GracefulStop()
	return err
}
