// A hole in the array of verdicts was acceptance: map() passes over holes, and what it leaves became 0.
import type { Authenticate } from '../../lib'
import { fails, keyPackage, open } from '../api/support/people'

const unsure: [string, Authenticate][] = [
  ['a hole', async (questions) => new Array<boolean>(questions.length)],
  ['a hole behind a verdict', async (questions) => {
    const verdicts = new Array<boolean>(questions.length)
    questions.forEach((question, i) => {
      if (question.credential.type !== 'basic' || Buffer.from(question.credential.identity).toString() !== 'mallory') verdicts[i] = true
    })
    return verdicts
  }],
  ['undefined', async (questions) => questions.map(() => undefined as never)],
  ['null', async (questions) => questions.map(() => null as never)],
]

test.each(unsure)('%s is no verdict, and nobody is let in', async (_, authenticate) => {
  const mallory = await open('mallory')
  const alice = await open('alice', { authenticate })
  const group = await alice.createGroup()
  await fails(group.commit({ add: [await keyPackage(mallory)] }), 'AS_FAILED')
  expect(group.memberCount).toBe(1)
  expect(group.pending()).toEqual([])
})
