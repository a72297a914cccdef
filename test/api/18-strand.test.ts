// Strands: order, coalescing, pipelining, and what a store that is slow or fails does to them.
import { setTimeout as sleep } from 'node:timers/promises'
import { MlsError } from '../../lib'
import { Strand } from '../../lib/strand'
import type { StepRun, StrandHost } from '../../lib/strand-host'
import { agree, fails, open, pair, text } from './support/people'
import { gate, toldStore } from './support/stores'

interface Counter {
  value: number
  closed: boolean
}

/** A native object that counts; its rows are the count after each step. */
class Fake implements StrandHost<Counter, number, number, number, string> {
  stored = 0
  published = 0
  loads = 0
  readonly runs: number[][] = []
  readonly atoms: number[][] = []
  persisting: (changes: readonly Uint8Array[]) => Promise<void> = async () => {}

  repeats = 0
  uses = 0

  async hasMoved(): Promise<boolean> {
    return false
  }
  async ready(): Promise<boolean> {
    return false
  }
  used(): void {
    this.uses += 1
  }

  async refresh(_native: Counter, _unstored: readonly Uint8Array[]): Promise<number | null> {
    return null
  }
  async sameEpoch(_native: Counter, state: number): Promise<boolean> {
    return state < 100
  }
  async load(): Promise<{ native: Counter; state: number }> {
    this.loads += 1
    return { native: { value: this.stored, closed: false }, state: this.stored }
  }
  close(native: Counter): void {
    native.closed = true
  }
  async run(native: Counter, steps: readonly number[]): Promise<StepRun<number, number>> {
    this.runs.push([...steps])
    await sleep(1)
    if (native.closed) throw new Error('closed')
    const outcomes = steps.map((step) => {
      if (step < 0) return { error: new Error(`bad ${step}`) }
      native.value += step
      return { value: native.value }
    })
    return { outcomes, batch: Uint8Array.of(native.value), state: native.value, ask: null }
  }
  async persist(changes: readonly Uint8Array[]): Promise<void> {
    const values = changes.map((batch) => batch[0] ?? 0)
    this.atoms.push(values)
    await this.persisting(changes)
    this.stored = values.at(-1) ?? this.stored
  }
  publishState(state: number): void {
    this.published = state
  }
  publishLoaded(state: number): boolean {
    // An epoch is a hundred.
    const moved = Math.floor(state / 100) !== Math.floor(this.published / 100)
    this.published = state
    return moved
  }
  publishResult(step: number, raw: number): string {
    return `${step}→${raw}`
  }
}

const valueOf = async (work: Promise<{ value?: string; error?: Error }[]>): Promise<string> => {
  const [outcome] = await work
  return outcome?.value ?? String(outcome?.error?.message)
}

describe('a strand', () => {
  test('runs no more than 1,024 steps at a time, however many a call has', async () => {
    const host = new Fake()
    const strand = new Strand(host, null)
    const outcomes = await strand.steps(Array.from({ length: 5000 }, () => 1))
    expect(outcomes.at(-1)).toEqual({ value: '1→5000' })
    expect(host.runs.map(({ length }) => length)).toEqual([1024, 1024, 1024, 1024, 904])
  })

  test('loads again after INTERNAL: nobody knows how far the native object had come', async () => {
    const host = new Fake()
    const strand = new Strand(host, null)
    expect(await valueOf(strand.steps([1]))).toBe('1→1')
    const { run } = host
    host.run = async (native, steps) => {
      await run.call(host, native, steps)
      host.run = run
      throw new MlsError('INTERNAL')
    }
    const [failing, behind] = [strand.steps([10]), strand.perform(async () => ({ batch: null, state: null, publish: () => 'done' }))]
    await fails(failing, 'INTERNAL')
    await fails(behind, 'INTERNAL')
    expect(host.stored).toBe(1)
    expect(await valueOf(strand.steps([100]))).toBe('100→101')
    expect(host.loads).toBe(2)
  })

  test('loads again after INTERNAL in other work, too', async () => {
    const host = new Fake()
    const strand = new Strand(host, null)
    expect(await valueOf(strand.steps([1]))).toBe('1→1')
    const work = strand.perform(async (native) => {
      native.value += 10
      throw new MlsError('INTERNAL')
    })
    await fails(work, 'INTERNAL')
    expect(await valueOf(strand.steps([100]))).toBe('100→101')
    expect(host.loads).toBe(2)
  })

  test('runs calls of one turn together, in their order', async () => {
    const host = new Fake()
    const strand = new Strand(host, null)
    const results = await Promise.all([1, 2, -3, 4].map((step) => valueOf(strand.steps([step]))))
    expect(results).toEqual(['1→1', '2→3', 'bad -3', '4→7'])
    expect(host.runs).toEqual([[1, 2, -3, 4]])
    expect(host.atoms).toEqual([[7]])
    expect(host.published).toBe(7)
  })

  test('puts other work between the steps where it was called', async () => {
    const host = new Fake()
    const strand = new Strand(host, null)
    const order: string[] = []
    const step = (n: number): Promise<unknown> => valueOf(strand.steps([n])).then((value) => order.push(value))
    const work = (): Promise<unknown> => strand.perform(async (native) => {
      const value = (native.value *= 10)
      return { batch: Uint8Array.of(value), state: value, publish: () => value }
    }).then((value) => order.push(`work ${value}`))
    await Promise.all([step(1), work(), step(2), step(3)])
    expect(host.runs).toEqual([[1], [2, 3]])
    expect(order).toEqual(['1→1', 'work 10', '2→12', '3→15'])
  })

  test('computes on while the store is busy, and stores all that is ready in one atom', async () => {
    const host = new Fake()
    const slow = gate()
    host.persisting = () => slow.passed
    const strand = new Strand(host, null)
    const works = []
    for (const n of [1, 2, 3]) {
      works.push(valueOf(strand.steps([n])))
      await sleep(10)
    }
    expect(host.runs).toEqual([[1], [2], [3]])
    expect(host.atoms).toEqual([[1]])
    expect(host.published).toBe(0)
    slow.open()
    expect(await Promise.all(works)).toEqual(['1→1', '2→3', '3→6'])
    expect(host.atoms).toEqual([[1], [3, 6]])
  })

  test('fails everything called up to then with one error, loads again, and works', async () => {
    const host = new Fake()
    const error = new Error('disk full')
    const slow = gate()
    host.persisting = async () => {
      await slow.passed
      throw error
    }
    const strand = new Strand(host, null)
    const settled: string[] = []
    const track = (name: string, work: Promise<unknown>): Promise<unknown> =>
      work.then(() => settled.push(`${name} fulfilled`), (reason: unknown) => settled.push(`${name} ${(reason as Error).message}`))
    const works = [track('stored', strand.steps([1]))]
    await sleep(10)
    works.push(track('computed', strand.steps([2])))
    await sleep(10)
    works.push(track('queued', strand.perform(async () => ({ batch: null, state: null, publish: () => {} }))))
    slow.open()
    await Promise.all(works)
    expect(settled).toEqual(['stored disk full', 'computed disk full', 'queued disk full'])
    host.persisting = async () => {}
    expect(await valueOf(strand.steps([5]))).toBe('5→5')
    expect(host.loads).toBe(2)
    expect(host.published).toBe(5)
  })

  test('closes when all that was called is done, and then takes nothing', async () => {
    const host = new Fake()
    const strand = new Strand(host, null)
    const work = valueOf(strand.steps([1]))
    const closing = strand.close()
    await fails(strand.steps([2]), 'CLOSED')
    expect(await work).toBe('1→1')
    await closing
    expect(host.stored).toBe(1)
  })

  test('takes aborted work out of the queue', async () => {
    const strand = new Strand(new Fake(), null)
    const controller = new AbortController()
    const first = valueOf(strand.steps([1]))
    const work = strand.perform(async () => ({ batch: null, state: null, publish: () => 'done' }), { signal: controller.signal })
    controller.abort()
    await fails(work, 'ABORTED')
    expect(await first).toBe('1→1')
  })

  test('stops asking when the work is aborted, and forgets the signal afterwards', async () => {
    const strand = new Strand(new Fake(), null)
    const controller = new AbortController()
    const work = strand.perform(async (_native, hold) => {
      await hold.ask(() => new Promise(() => {}), 10_000)
      return { batch: null, state: null, publish: () => 'never' }
    }, { signal: controller.signal })
    await sleep(5)
    controller.abort()
    await fails(work, 'ABORTED')
    expect(await valueOf(strand.steps([1]))).toBe('1→1')
  })

  describe('when another process was first', () => {
    /** conflicted loses the first `times` races, each to somebody who adds 100. */
    function conflicted(times: number): Fake {
      const host = new Fake()
      host.repeats = 3
      host.persisting = async () => {
        if (host.atoms.length > times) return
        host.stored += 100
        throw new MlsError('STORE_CONFLICT')
      }
      return host
    }

    test('runs everything again, in its order, on what is stored now', async () => {
      const host = conflicted(2)
      const strand = new Strand(host, null)
      const order: string[] = []
      const note = (value: string): number => order.push(value)
      const first = valueOf(strand.steps([1])).then(note)
      await sleep(5)
      const work = strand.perform(async (native) => {
        const value = (native.value += 10)
        return { batch: Uint8Array.of(value), state: value, publish: () => `work ${value}` }
      }).then(note)
      const last = valueOf(strand.steps([2])).then(note)
      await Promise.all([first, work, last])
      expect(order).toEqual(['1→201', 'work 211', '2→213'])
      expect(host.published).toBe(213)
    })

    test('says so when it was too often, and goes on after it', async () => {
      const host = conflicted(4)
      const strand = new Strand(host, null)
      await fails(strand.steps([1]), 'STORE_CONFLICT')
      expect(await valueOf(strand.steps([1]))).toBe('1→401')
    })

    test('what belongs to an epoch does not run in another', async () => {
      const host = conflicted(1)
      host.sameEpoch = async () => false
      const strand = new Strand(host, null)
      const work = (boundToEpoch: boolean): Promise<string> => strand.perform(async (native) => {
        const value = (native.value += 1)
        return { batch: Uint8Array.of(value), state: value, publish: () => `work ${value}` }
      }, { boundToEpoch })
      const [bound, free] = await Promise.allSettled([work(true), work(false)])
      expect(bound).toMatchObject({ status: 'rejected', reason: { code: 'STORE_CONFLICT' } })
      expect(free).toMatchObject({ status: 'fulfilled', value: 'work 101' })
    })

    test('what names leaves does not run, not even first, after another process has begun an epoch', async () => {
      const host = conflicted(1)
      const strand = new Strand(host, null)
      const behind = (namesLeaves: boolean): Promise<string> => strand.perform(async (native) => {
        const value = (native.value += 1)
        return { batch: Uint8Array.of(value), state: value, publish: () => `work ${value}` }
      }, { namesLeaves })
      const [steps, removing, renewing] = await Promise.allSettled([strand.steps([1]), behind(true), behind(false)])
      expect(steps).toMatchObject({ status: 'fulfilled', value: [{ value: '1→101' }] })
      expect(removing).toMatchObject({ status: 'rejected', reason: { code: 'STORE_CONFLICT' } })
      expect(renewing).toMatchObject({ status: 'fulfilled', value: 'work 102' })
      // In the epoch that is known now, it runs.
      expect(await behind(true)).toBe('work 103')
    })

    test('steps that were published do not run again', async () => {
      const host = new Fake()
      host.repeats = 3
      const run = host.run.bind(host)
      // One step a run, so that the first is stored before the second.
      host.run = async (native, steps) => run(native, steps.slice(0, 1))
      host.persisting = async () => {
        if (host.atoms.length !== 2) return
        throw new MlsError('STORE_CONFLICT')
      }
      const outcomes = await new Strand(host, null).steps([1, 2, 3])
      expect(outcomes.map((one) => one.value)).toEqual(['1→1', '2→3', '3→6'])
      expect(host.runs.flat().filter((step) => step === 1)).toHaveLength(1)
    })

    test('what is computed while the race is lost is not stored', async () => {
      const host = conflicted(1)
      const strand = new Strand(host, null)
      const race = gate()
      const lose = host.persisting
      host.persisting = async (changes) => {
        await race.passed
        await lose(changes)
      }
      const first = valueOf(strand.steps([1]))
      await sleep(5)
      const second = valueOf(strand.steps([2]))  // under way when the store says no
      race.open()
      expect([await first, await second]).toEqual(['1→101', '2→103'])
      expect(host.atoms.flat()).not.toContain(3)
    })

    test('a step that lacks something runs again only if another process has stored something', async () => {
      const host = new Fake()
      host.repeats = 3
      const run = host.run.bind(host)
      host.run = async (native, steps) => ({ ...await run(native, steps), behind: steps.includes(-1) })
      const strand = new Strand(host, null)
      const slow = gate()
      host.persisting = () => slow.passed
      const first = valueOf(strand.steps([1]))
      await sleep(5)
      const lacking = valueOf(strand.steps([-1]))  // while our own write is under way
      await sleep(5)
      slow.open()
      expect([await first, await lacking]).toEqual(['1→1', 'bad -1'])
      expect(host.runs).toEqual([[1], [-1]])
      let moved = true
      host.hasMoved = async () => moved
      const again = valueOf(strand.steps([-1]))
      await sleep(5)
      moved = false
      expect(await again).toBe('bad -1')
      expect(host.runs.filter(([step]) => step === -1).length).toBeGreaterThan(2)
    })

    test('is refreshed where that can be, with what was not stored', async () => {
      const host = conflicted(1)
      const unstored: number[][] = []
      host.refresh = async (native, changes) => {
        unstored.push(changes.map(([value = 0]) => value))
        return (native.value = host.stored)
      }
      expect(await valueOf(new Strand(host, null).steps([1]))).toBe('1→101')
      expect(unstored).toEqual([[1]])
      expect(host.loads).toBe(1)
    })
  })

  test('where every step asks, the steps behind are not run again and again', async () => {
    const host = new Fake()
    let given = 0
    host.run = async (native, steps) => {
      given += steps.length
      const one = steps[0] ?? 0
      const asked = async (): Promise<StepRun<number, number>> => {
        native.value += one
        return { outcomes: [{ value: native.value }], batch: Uint8Array.of(1), state: native.value, ask: null }
      }
      return { outcomes: [], batch: new Uint8Array(0), state: null, ask: asked }
    }
    const outcomes = await new Strand(host, null).steps(Array.from({ length: 200 }, () => 1))
    expect(outcomes.map((one) => one.value)).toEqual(Array.from({ length: 200 }, (_, i) => `1→${i + 1}`))
    expect(given).toBeLessThan(200 * 9 + 200)
  })

  test('goes on when loading failed', async () => {
    const host = new Fake()
    const load = host.load.bind(host)
    host.load = async () => { throw new Error('not there') }
    const strand = new Strand(host, null)
    await expect(strand.steps([1])).rejects.toThrow('not there')
    host.load = load
    expect(await valueOf(strand.steps([1]))).toBe('1→1')
  })
})

describe('a group', () => {
  test('64 sends at once are one run, one atom, and in order', async () => {
    const store = toldStore()
    const { alices, bobs } = await pair({ store })
    store.atoms.length = 0
    const messages = await Promise.all(Array.from({ length: 30 }, (_, i) => alices.send(`${i}`)))
    expect(store.atoms.length).toBeLessThanOrEqual(1)
    const received = await bobs.receiveMany(messages)
    expect(received.map((one) => (one.kind === 'message' ? text(one.data) : one.kind))).toEqual(messages.map((_, i) => `${i}`))
  })

  test('nothing is published before it is durable', async () => {
    const store = toldStore()
    const alice = await open('alice', { store })
    const group = await alice.createGroup()
    const commit = await group.commit()
    const slow = gate()
    store.told = async (atom, inner) => {
      await slow.passed
      return inner.commit(atom)
    }
    const events: string[] = []
    group.on('commit', ({ epoch }) => events.push(`commit ${epoch}`))
    const accepted = commit.accepted()
    const sent = group.send('in the new epoch')
    await sleep(30)
    expect(group.epoch).toBe(0n)
    expect(events).toEqual([])
    slow.open()
    await accepted
    expect(group.epoch).toBe(1n)
    expect(events).toEqual(['commit 1'])
    await sent
  })

  test('a store that fails in the middle loses no agreement', async () => {
    const store = toldStore()
    const { alices, bobs } = await pair({ store })
    let fail = false
    store.told = async (atom, inner) => {
      await sleep(2)
      if (fail) throw new Error('EIO')
      return inner.commit(atom)
    }
    fail = true
    const lost = await Promise.allSettled([alices.commit(), alices.commit(), alices.send('x'), alices.send('y')])
    expect(lost.map((one) => (one.status === 'rejected' ? (one.reason as { code: string }).code : 'ok'))).toEqual(Array(4).fill('STORE_FAILED'))
    fail = false
    const messages = await Promise.all(Array.from({ length: 5 }, (_, i) => alices.send(`${i}`)))
    expect((await bobs.receiveMany(messages)).every((one) => one.kind === 'message')).toBe(true)
    const commit = await alices.commit()
    await commit.accepted()
    await bobs.receive(commit.message)
    agree(alices, bobs)
  })

  test('random failures: what was given out is received, and nobody falls apart', async () => {
    const store = toldStore()
    const { alices, bobs } = await pair({ store })
    let seed = 42
    const random = (): number => (seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31
    store.told = async (atom, inner) => {
      await sleep(random() * 3)
      if (random() < 0.3) throw new Error('EIO')
      return inner.commit(atom)
    }
    for (let round = 0; round < 30; round += 1) {
      const sent = await Promise.allSettled([alices.send('a'), alices.send('b'), bobs.send('c')])
      for (const [i, one] of sent.entries()) {
        if (one.status === 'rejected') continue
        const receiver = i < 2 ? bobs : alices
        for (;;) {
          const received = await receiver.receive(one.value).catch((error: unknown) => error as { code: string })
          if ('kind' in received) break
          expect(received.code).toBe('STORE_FAILED')
        }
      }
    }
    store.told = null
    const commit = await alices.commit()
    await commit.accepted()
    await bobs.receive(commit.message)
    agree(alices, bobs)
  })
})
