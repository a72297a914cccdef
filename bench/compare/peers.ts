// The two that `npm ci` installs, as the interoperability tests use them.
import type { Peer } from '../../test/interop/peers/peer'
import { measureGroup } from '../api/world'
import { type Findings, type Setting, type Subject, timeLoad } from './subject'

/** The suite that every implementation of RFC 9420 has. */
export const SUITE = 1

/** measurePeer measures anything that has the face of a peer. */
export async function measurePeer(load: () => Promise<Peer>, { members }: Setting, notes: readonly string[] = []): Promise<Findings> {
  const { load: loaded, library } = await timeLoad(load)
  const { fillerSource } = await import('./fillers.js')
  const figures = await measureGroup(library, null, SUITE, members, fillerSource(SUITE), () => {})
  return { load: loaded, figures, notes }
}

export const nodeMls: Subject = {
  name: 'node-mls',
  package: 'node-mls',
  how: 'suite 1; promises, off the event loop',
  measure: (setting) => measurePeer(async () => (await import('../../test/interop/peers/ours.js')).ours, setting),
}

export const tsMls: Subject = {
  name: 'ts-mls',
  package: 'ts-mls',
  how: 'suite 1; promises, computed on the event loop',
  measure: (setting) =>
    measurePeer(async () => {
      // The peer loads the library with its first member.
      const { tsMls: peer } = await import('../../test/interop/peers/ts-mls.js')
      await peer.member('first', SUITE)
      return peer
    }, setting),
}
