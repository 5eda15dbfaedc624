export { etcdRegistry } from "./etcd-registry.js";
export { parseEtcdUrl, type EtcdOptions, type EtcdRegistryOptions, type EtcdTls } from "./options.js";
