// A proxy in front of a PostgreSQL server that loses a connection at a chosen message of the client, or falls silent there.
import net from 'node:net'
import path from 'node:path'

/** Cut: which message, counted over all connections, and whether the server still gets it. */
export interface Cut {
  readonly at: number
  readonly message: 'lost' | 'delivered'
  /** Refuse all connections from then on, until `heal`; with `silent`, take them and say nothing. */
  readonly forGood?: boolean
  /** Close nothing: both sides keep a connection over which nothing comes any more, until `heal`. */
  readonly silent?: boolean
}

export class Proxy {
  readonly #server: net.Server
  readonly #sockets = new Set<net.Socket>()
  /** Those over which nothing goes any more. */
  readonly #silent = new Set<net.Socket>()
  readonly #target: string
  #cut: Cut | null = null
  #count = 0
  #refuses: 'closing' | 'silently' | null = null

  private constructor(target: string) {
    this.#target = target
    this.#server = net.createServer((client) => this.#connect(client))
  }

  /** start stands in front of the server whose socket is in `folder`. */
  static async start(folder: string): Promise<Proxy> {
    const proxy = new Proxy(path.join(folder, '.s.PGSQL.5432'))
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${(this.#server.address() as net.AddressInfo).port}/postgres`
  }
  /** Whether the cut was made since `cut`. */
  get wasCut(): boolean {
    return this.#cut === null
  }

  /** Messages of the client since `cut`. */
  get count(): number {
    return this.#count
  }

  cut(cut: Cut): void {
    this.#cut = cut
    this.#count = 0
  }

  /** mute has every connection fall silent, those to come as well. */
  mute(): void {
    this.#refuses = 'silently'
    this.#silence(...this.#sockets)
  }

  /** heal lets connections through again; both sides of those that are silent hear that they are gone. */
  heal(): void {
    this.#refuses = null
    for (const socket of this.#silent) socket.destroy()
    this.#silent.clear()
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #connect(client: net.Socket): void {
    if (this.#refuses === 'closing') return void client.destroy()
    if (this.#refuses === 'silently') return this.#silence(client)
    const server = net.connect(this.#target)
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {})
    }
    server.pipe(client)
    server.on('close', () => client.destroy())
    client.on('close', () => server.end())
    let bytes = Buffer.alloc(0)
    // The first message has no type: its length, then the version and the parameters.
    let header = 0
    client.on('data', (more: Buffer) => {
      bytes = Buffer.concat([bytes, more])
      while (bytes.length >= header + 4 && bytes.length >= header + bytes.readUInt32BE(header)) {
        const size = header + bytes.readUInt32BE(header)
        const message = bytes.subarray(0, size)
        bytes = bytes.subarray(size)
        header = 1
        if (!this.#forward(message, client, server)) return
      }
    })
  }

  #silence(...sockets: readonly net.Socket[]): void {
    for (const socket of sockets) {
      this.#sockets.add(socket)
      this.#silent.add(socket)
      socket.removeAllListeners('data').removeAllListeners('close').unpipe().resume()
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {})
    }
  }

  #forward(message: Buffer, client: net.Socket, server: net.Socket): boolean {
    this.#count += 1
    const cut = this.#cut
    const isHere = cut !== null && this.#count === cut.at
    if (!isHere || cut.message === 'delivered') server.write(message)
    if (!isHere) return true
    this.#cut = null
    this.#refuses = cut.forGood ? (cut.silent ? 'silently' : 'closing') : null
    if (cut.silent) {
      this.#silence(client, server)
      return false
    }
    server.unpipe(client)
    server.resume()
    server.end()
    client.destroy()
    return false
  }
}
