// A client in a worker thread. Operations are off the event loop anyway; a worker also keeps the JavaScript around them
// (stores, callbacks, parsing) away from it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Worker, isMainThread, parentPort } from 'node:worker_threads'
import { Client, type Group, memoryStore, trustAnyCredential } from 'node-mls'

/** What goes to the worker. All of it is bytes, which a worker can be sent. */
type Request =
  | { readonly kind: 'publish' }
  | { readonly kind: 'join'; readonly welcome: Uint8Array }
  | { readonly kind: 'receive'; readonly message: Uint8Array }
  | { readonly kind: 'close' }

const open = (identity: string): Promise<Client> => Client.open({ identity, store: memoryStore(), authenticate: trustAnyCredential })

/** serve is bob, in the worker: it answers each request with bytes, or with nothing. */
async function serve(port: NonNullable<typeof parentPort>): Promise<void> {
  const bob = await open('bob')
  let group: Group | null = null
  port.on('message', async (request: Request) => {
    switch (request.kind) {
      case 'publish': {
        const [keyPackage] = await bob.keyPackages.create()
        port.postMessage(keyPackage?.message)
        break
      }
      case 'join':
        group = await bob.join(request.welcome)
        port.postMessage(group.epochAuthenticator)
        break
      case 'receive': {
        assert(group)
        const received = await group.receive(request.message)
        assert(received.kind === 'message')
        port.postMessage(await group.send(`in a worker I read "${Buffer.from(received.data).toString()}"`))
        break
      }
      case 'close':
        await bob.close()
        port.close()
    }
  })
}

/** main is alice, in the main thread. */
async function main(): Promise<void> {
  const worker = new Worker(__filename)
  const ask = async (request: Request): Promise<Uint8Array> => {
    const [[answer]] = await Promise.all([once(worker, 'message'), worker.postMessage(request)])
    assert(answer instanceof Uint8Array)
    return answer
  }
  const alice = await open('alice')
  const group = await alice.createGroup()
  const commit = await group.commit({ add: [await ask({ kind: 'publish' })] })
  const { welcome } = await commit.accepted()
  assert(welcome)
  const authenticator = await ask({ kind: 'join', welcome })
  assert.equal(Buffer.compare(authenticator, group.epochAuthenticator), 0)
  const received = await group.receive(await ask({ kind: 'receive', message: await group.send('hello') }))
  assert(received.kind === 'message')
  console.log(`bob: ${Buffer.from(received.data).toString()}`)
  worker.postMessage({ kind: 'close' } satisfies Request)
  await Promise.all([once(worker, 'exit'), alice.close()])
}

if (isMainThread) void main()
else if (parentPort) void serve(parentPort)
