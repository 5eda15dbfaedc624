/**
 * etcd's messages as they arrive and leave here: 64-bit numbers come as strings and may leave as numbers, bytes are
 * Buffers, a member of a oneof is absent when it is not set.
 */
export type Int64 = string | number;

export interface ResponseHeader {
  readonly cluster_id: Int64;
  readonly member_id: Int64;
  readonly revision: Int64;
  readonly raft_term: Int64;
}

export interface KeyValue {
  readonly key: Buffer;
  readonly create_revision: Int64;
  readonly mod_revision: Int64;
  readonly version: Int64;
  readonly value: Buffer;
  readonly lease: Int64;
}

export interface WatchEvent {
  /** 0: put, 1: delete. */
  readonly type: number;
  readonly kv: KeyValue;
  readonly prev_kv?: KeyValue | null;
}

export interface RangeRequest {
  readonly key: Buffer;
  readonly range_end: Buffer;
  readonly limit: Int64;
  readonly revision: Int64;
  readonly sort_order: number;
  readonly sort_target: number;
  readonly keys_only: boolean;
  readonly count_only: boolean;
  readonly min_mod_revision: Int64;
  readonly max_mod_revision: Int64;
  readonly min_create_revision: Int64;
  readonly max_create_revision: Int64;
}

export interface RangeResponse {
  readonly header?: Partial<ResponseHeader>;
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: Int64;
}

export interface PutRequest {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly lease: Int64;
  readonly prev_kv: boolean;
  readonly ignore_value: boolean;
  readonly ignore_lease: boolean;
}

export interface PutResponse {
  readonly header?: Partial<ResponseHeader>;
  readonly prev_kv?: KeyValue | undefined;
}

export interface DeleteRangeRequest {
  readonly key: Buffer;
  readonly range_end: Buffer;
  readonly prev_kv: boolean;
}

export interface DeleteRangeResponse {
  readonly header?: Partial<ResponseHeader>;
  readonly deleted: Int64;
  readonly prev_kvs: readonly KeyValue[];
}

export interface RequestOp {
  readonly request_range?: RangeRequest | null;
  readonly request_put?: PutRequest | null;
  readonly request_delete_range?: DeleteRangeRequest | null;
  readonly request_txn?: TxnRequest | null;
}

export interface ResponseOp {
  readonly response_range?: RangeResponse;
  readonly response_put?: PutResponse;
  readonly response_delete_range?: DeleteRangeResponse;
  readonly response_txn?: TxnResponse;
}

export interface Compare {
  /** 0: equal, 1: greater, 2: less, 3: not equal. */
  readonly result: number;
  /** 0: version, 1: create revision, 2: mod revision, 3: value, 4: lease. */
  readonly target: number;
  readonly key: Buffer;
  readonly range_end: Buffer;
  readonly version?: Int64;
  readonly create_revision?: Int64;
  readonly mod_revision?: Int64;
  readonly value?: Buffer;
  readonly lease?: Int64;
}

export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}

export interface TxnResponse {
  readonly header?: Partial<ResponseHeader>;
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOp[];
}

export interface WatchCreateRequest {
  readonly key: Buffer;
  readonly range_end: Buffer;
  readonly start_revision: Int64;
  readonly progress_notify: boolean;
  /** 0: no puts, 1: no deletes. */
  readonly filters: readonly number[];
  readonly prev_kv: boolean;
  readonly watch_id: Int64;
}

export interface WatchRequest {
  readonly create_request?: WatchCreateRequest | null;
  readonly cancel_request?: { readonly watch_id: Int64 } | null;
  readonly progress_request?: object | null;
}

export interface WatchResponse {
  readonly header: ResponseHeader;
  readonly watch_id: Int64;
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly compact_revision?: Int64;
  readonly cancel_reason?: string;
  readonly events?: readonly WatchEvent[];
}
