import { fromJSON, type PackageDefinition } from "@grpc/proto-loader";
import { type GrpcObject, loadPackageDefinition, type ServiceClientConstructor } from "@grpc/grpc-js";

/**
 * The part of etcd's v3 API that the test server speaks, one message a line: `name:type=number`. Names and numbers are
 * etcd's (https://etcd.io/docs/v3.6/dev-guide/api_reference_v3/); its enums are written as int32, which is the same
 * on the wire and lets a number that etcd does not know through to the check that refuses it.
 */
const messages: Record<string, Record<string, string>> = {
  mvccpb: {
    KeyValue:
      "key:bytes=1 create_revision:int64=2 mod_revision:int64=3 version:int64=4 value:bytes=5 lease:int64=6",
    Event: "type:int32=1 kv:KeyValue=2 prev_kv:KeyValue=3",
  },
  etcdserverpb: {
    ResponseHeader: "cluster_id:uint64=1 member_id:uint64=2 revision:int64=3 raft_term:uint64=4",
    RangeRequest:
      "key:bytes=1 range_end:bytes=2 limit:int64=3 revision:int64=4 sort_order:int32=5 sort_target:int32=6 " +
      "serializable:bool=7 keys_only:bool=8 count_only:bool=9 min_mod_revision:int64=10 max_mod_revision:int64=11 " +
      "min_create_revision:int64=12 max_create_revision:int64=13",
    RangeResponse: "header:ResponseHeader=1 kvs:*mvccpb.KeyValue=2 more:bool=3 count:int64=4",
    PutRequest:
      "key:bytes=1 value:bytes=2 lease:int64=3 prev_kv:bool=4 ignore_value:bool=5 ignore_lease:bool=6",
    PutResponse: "header:ResponseHeader=1 prev_kv:mvccpb.KeyValue=2",
    DeleteRangeRequest: "key:bytes=1 range_end:bytes=2 prev_kv:bool=3",
    DeleteRangeResponse: "header:ResponseHeader=1 deleted:int64=2 prev_kvs:*mvccpb.KeyValue=3",
    RequestOp:
      "|request request_range:RangeRequest=1 request_put:PutRequest=2 request_delete_range:DeleteRangeRequest=3 " +
      "request_txn:TxnRequest=4",
    ResponseOp:
      "|response response_range:RangeResponse=1 response_put:PutResponse=2 " +
      "response_delete_range:DeleteRangeResponse=3 response_txn:TxnResponse=4",
    Compare:
      "result:int32=1 target:int32=2 key:bytes=3 range_end:bytes=64 " +
      "|target_union version:int64=4 create_revision:int64=5 mod_revision:int64=6 value:bytes=7 lease:int64=8",
    TxnRequest: "compare:*Compare=1 success:*RequestOp=2 failure:*RequestOp=3",
    TxnResponse: "header:ResponseHeader=1 succeeded:bool=2 responses:*ResponseOp=3",
    CompactionRequest: "revision:int64=1 physical:bool=2",
    CompactionResponse: "header:ResponseHeader=1",
    WatchRequest:
      "|request_union create_request:WatchCreateRequest=1 cancel_request:WatchCancelRequest=2 " +
      "progress_request:WatchProgressRequest=3",
    WatchCreateRequest:
      "key:bytes=1 range_end:bytes=2 start_revision:int64=3 progress_notify:bool=4 filters:*int32=5 prev_kv:bool=6 " +
      "watch_id:int64=7 fragment:bool=8",
    WatchCancelRequest: "watch_id:int64=1",
    WatchProgressRequest: "",
    WatchResponse:
      "header:ResponseHeader=1 watch_id:int64=2 created:bool=3 canceled:bool=4 compact_revision:int64=5 " +
      "cancel_reason:string=6 fragment:bool=7 events:*mvccpb.Event=11",
    LeaseGrantRequest: "TTL:int64=1 ID:int64=2",
    LeaseGrantResponse: "header:ResponseHeader=1 ID:int64=2 TTL:int64=3 error:string=4",
    LeaseRevokeRequest: "ID:int64=1",
    LeaseRevokeResponse: "header:ResponseHeader=1",
    LeaseKeepAliveRequest: "ID:int64=1",
    LeaseKeepAliveResponse: "header:ResponseHeader=1 ID:int64=2 TTL:int64=3",
    LeaseTimeToLiveRequest: "ID:int64=1 keys:bool=2",
    LeaseTimeToLiveResponse:
      "header:ResponseHeader=1 ID:int64=2 TTL:int64=3 grantedTTL:int64=4 keys:*bytes=5",
    LeaseLeasesRequest: "",
    LeaseStatus: "ID:int64=1",
    LeaseLeasesResponse: "header:ResponseHeader=1 leases:*LeaseStatus=2",
    Member: "ID:uint64=1 name:string=2 peerURLs:*string=3 clientURLs:*string=4 isLearner:bool=5",
    MemberListRequest: "linearizable:bool=1",
    MemberListResponse: "header:ResponseHeader=1 members:*Member=2",
    StatusRequest: "",
    StatusResponse:
      "header:ResponseHeader=1 version:string=2 dbSize:int64=3 leader:uint64=4 raftIndex:uint64=5 raftTerm:uint64=6 " +
      "raftAppliedIndex:uint64=7 errors:*string=8 dbSizeInUse:int64=9 isLearner:bool=10",
    AuthenticateRequest: "name:string=1 password:string=2",
    AuthenticateResponse: "header:ResponseHeader=1 token:string=2",
  },
};

/** `Method:Request=Response`; a `~` marks a side that streams. */
const services: Record<string, string> = {
  KV:
    "Range:RangeRequest=RangeResponse Put:PutRequest=PutResponse DeleteRange:DeleteRangeRequest=DeleteRangeResponse " +
    "Txn:TxnRequest=TxnResponse Compact:CompactionRequest=CompactionResponse",
  Watch: "Watch:~WatchRequest=~WatchResponse",
  Lease:
    "LeaseGrant:LeaseGrantRequest=LeaseGrantResponse LeaseRevoke:LeaseRevokeRequest=LeaseRevokeResponse " +
    "LeaseKeepAlive:~LeaseKeepAliveRequest=~LeaseKeepAliveResponse " +
    "LeaseTimeToLive:LeaseTimeToLiveRequest=LeaseTimeToLiveResponse " +
    "LeaseLeases:LeaseLeasesRequest=LeaseLeasesResponse",
  Cluster: "MemberList:MemberListRequest=MemberListResponse",
  Maintenance: "Status:StatusRequest=StatusResponse",
  Auth: "Authenticate:AuthenticateRequest=AuthenticateResponse",
};

interface MessageJson {
  fields: Record<string, { type: string; id: number; rule?: "repeated" }>;
  oneofs?: Record<string, { oneof: string[] }>;
}

function messageJson(source: string): MessageJson {
  const message: MessageJson = { fields: {} };
  let members: string[] | undefined;
  for (const word of source.split(" ").filter(Boolean)) {
    if (word.startsWith("|")) {
      members = [];
      message.oneofs = { [word.slice(1)]: { oneof: members } };
      continue;
    }
    const [, name, repeated, type, id] = /^(\w+):(\*?)([\w.]+)=(\d+)$/.exec(word) as unknown as string[];
    message.fields[name!] = {
      type: type!,
      id: Number(id),
      ...(repeated ? { rule: "repeated" as const } : {}),
    };
    members?.push(name!);
  }
  return message;
}

function serviceJson(source: string): object {
  const methods = source.split(" ").map((word) => {
    const [, name, requestStream, requestType, responseStream, responseType] =
      /^(\w+):(~?)(\w+)=(~?)(\w+)$/.exec(word) as unknown as string[];
    const streams = { requestStream: requestStream === "~", responseStream: responseStream === "~" };
    return [name, { requestType, responseType, ...streams }];
  });
  return { methods: Object.fromEntries(methods) as object };
}

function mapValues<T, R>(record: Record<string, T>, change: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

function load(): PackageDefinition {
  const nested = mapValues(messages, (sources) => ({
    nested: mapValues<string, object>(sources, messageJson),
  }));
  Object.assign(nested["etcdserverpb"]!.nested, mapValues(services, serviceJson));
  // 64-bit numbers are strings: lease ids do not fit a JavaScript number.
  return fromJSON({ nested }, { keepCase: true, longs: String, defaults: true, oneofs: true });
}

const definition: PackageDefinition = load();

/** The services of etcd's v3 API by name (`KV`, `Watch`, ...): definitions for a server, constructors for a client. */
export const etcdApi: Record<string, ServiceClientConstructor> = loadPackageDefinition(definition)[
  "etcdserverpb"
] as GrpcObject as Record<string, ServiceClientConstructor>;
