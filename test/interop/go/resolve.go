package main

import (
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/naming/resolver"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Calls wait for a connection instead of failing, and an attempt that ended UNAVAILABLE is made again elsewhere.
const serviceConfig = `{
	"loadBalancingConfig": [{"round_robin": {}}],
	"methodConfig": [{
		"name": [{}],
		"waitForReady": true,
		"retryPolicy": {
			"maxAttempts": 4,
			"initialBackoff": "0.025s",
			"maxBackoff": "0.5s",
			"backoffMultiplier": 2,
			"retryableStatusCodes": ["UNAVAILABLE"]
		}
	}]
}`

// Only spreads the calls: what a client has that asks for nothing else.
const bareConfig = `{"loadBalancingConfig": [{"round_robin": {}}]}`

// dialService connects to all instances of a service, by its full proto name: "shop.v1.Orders".
func dialService(etcd *clientv3.Client, service, config string) (*grpc.ClientConn, error) {
	builder, err := resolver.NewBuilder(etcd)
	if err != nil {
		return nil, err
	}
	return grpc.NewClient("etcd:///services/"+service,
		grpc.WithResolvers(builder),
		grpc.WithDefaultServiceConfig(config),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
	)
}

func connectEtcd(endpoints string) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{Endpoints: strings.Split(endpoints, ",")})
}
