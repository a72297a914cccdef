// RFC 9420 §6: each call of the API takes one kind of message.
import { addTo, fails, keyPackage, open, pair, text } from '../../api/support/people'

test('R6-06: the object must be of the kind the call expects', async () => {
  const { alice, alices, bobs } = await pair()
  const carol = await open('carol')
  const carolsKeyPackage = await keyPackage(carol)
  const commit = await alices.commit({ add: [carolsKeyPackage] })
  const { welcome } = await commit.accepted()
  if (!welcome) throw new Error('no welcome')
  const groupInfo = await alices.groupInfo()
  const application = await alices.send('early')

  const epoch = bobs.epoch
  for (const wrong of [welcome, groupInfo, carolsKeyPackage]) await fails(bobs.receive(wrong), 'WRONG_WIRE_FORMAT')
  for (const wrong of [commit.message, application, groupInfo, carolsKeyPackage]) await fails(carol.join(wrong), 'WRONG_WIRE_FORMAT')
  for (const wrong of [commit.message, application, welcome, carolsKeyPackage]) await fails(carol.joinExternally(wrong), 'WRONG_WIRE_FORMAT')
  for (const wrong of [commit.message, application, welcome, groupInfo]) await fails(alices.commit({ add: [wrong] }), 'WRONG_WIRE_FORMAT')
  expect(bobs.epoch).toBe(epoch)
  expect(alices.pending()).toHaveLength(0)
  expect(carol.groups()).toHaveLength(0)

  await bobs.receive(commit.message)
  const carols = await carol.join(welcome)
  for (const group of [bobs, carols]) {
    const event = await group.receive(application)
    expect(event.kind === 'message' && text(event.data)).toBe('early')
  }
  await addTo(alices, await open('dave'), [bobs, carols])
  await alice.close()
})
