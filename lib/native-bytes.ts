// Byte strings, rows and secrets on their way across the boundary of the addon (native.ts).

/** Row changes, packed: see batch.ts. An empty array when nothing changes. */
export type PackedBatch = Uint8Array

/** Byte strings, packed: one buffer and `count + 1` offsets into it. */
export interface Packed {
  readonly bytes: Uint8Array
  readonly offsets: Uint32Array
}

/** Collects many byte strings in slices, so that no turn of the event loop copies more than it should. */
export interface NativeBulk {
  /** add copies `items[from…to)`. */
  add(items: readonly Uint8Array[], from: number, to: number): void
  /** addPacked copies the strings from…to of `packed`. */
  addPacked(packed: Packed, from: number, to: number): void
  /** clear frees the memory, which V8 does not see and will not hurry to collect; nothing can be added or used after. */
  clear(): void
  readonly count: number
}

/** One long byte string that crosses in slices. */
export interface NativeBytes {
  /** add copies `bytes[from…to)` behind what there is; not after it was passed on. */
  add(bytes: Uint8Array, from: number, to: number): void
  /** slice gives a copy of a part. */
  slice(from: number, to: number): Uint8Array
  /** clear frees the memory, which V8 does not see and will not hurry to collect. */
  clear(): void
  readonly size: number
}

/** Rows of one scope on their way into a load or refresh. add copies one slice, packed as in batch.ts; for a load it has puts alone. */
export interface NativeRows {
  add(packed: Uint8Array): void
}

/** Key material that JavaScript may pass on but not read. */
export interface NativeSecret {
  readonly size: number
  /** close wipes it. */
  close(): void
}
