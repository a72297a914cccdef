// RFC 9420 §12.4.3.1: a newcomer holds every PSK that its Welcome names.
import { agree, fails, keyPackage, open } from '../../api/support/people'

test('R12.4.3.1-05: a Welcome that names a PSK which the newcomer lacks', async () => {
  const alice = await open('alice')
  const bob = await open('bob')
  const group = await alice.createGroup()
  const secret = new Uint8Array(32).fill(5)
  await alice.psks.put('paper', secret)
  const commit = await group.commit({ add: [await keyPackage(bob)], psk: ['paper'] })
  const { welcome } = await commit.accepted()
  await fails(bob.join(welcome!), 'MISSING_PSK')
  await bob.psks.put('other', secret)
  await fails(bob.join(welcome!), 'MISSING_PSK')
  await bob.psks.put('paper', secret)
  const bobs = await bob.join(welcome!)  // the key package was not used up
  agree(group, bobs)
  await group.receive(await bobs.send('here'))
})
