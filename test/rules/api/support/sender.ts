// A sender in a worker thread: its own client over the file that others have open, too.
import { workerData } from 'node:worker_threads'
import { Client, sqliteStore, trustAnyCredential } from '../../../../lib'

/** send encrypts so many messages, one after the other, and gives them. */
export async function send(): Promise<Uint8Array[]> {
  const { place, count } = workerData as { readonly place: string; readonly count: number }
  const store = sqliteStore(place, { busyTimeout: 60_000 })
  const client = await Client.open({ identity: 'alice', store, authenticate: trustAnyCredential })
  const [listed] = client.groups()
  if (!listed) throw new Error('no group')
  const group = await client.group(listed.id)
  const messages: Uint8Array[] = []
  for (let i = 0; i < count; i += 1) messages.push(await group.send('from a thread'))
  await client.close()
  await store.close()
  return messages
}
