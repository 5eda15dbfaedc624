export { EtcdServer, type EtcdServerOptions } from "./etcd/server/etcd-server.js";
export { etcdOnPath, findEtcd } from "./etcd/find-etcd.js";
export { type EtcdProcess, type EtcdProcessOptions, startEtcd } from "./etcd/etcd-process.js";
export { type EtcdBackend, etcdBackends, type EtcdUnderTest } from "./etcd/backends.js";
