/** Ends the name of the test that stands for a suite without its etcd. */
export const needsRealEtcd = "[needs a real etcd: scripts/get-etcd]";
