// Writes roster.csv and chat.jsonl, the input of the group server. Everything in them is made up here; the same files
// come out each time.
'use strict'

const fs = require('node:fs')
const path = require('node:path')

const MEMBERS = 1000
const SPEAKERS = 40
const MESSAGES = 400
const devices = ['phone', 'laptop', 'tablet', 'desktop']

/** random gives the mulberry32 sequence of a seed: numbers from 0 up to 1. @param {number} seed */
const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}
const next = random(9420)

/** @template T @param {readonly T[]} items @returns {T} */
const pick = (items) => /** @type {T} */ (items[Math.floor(next() * items.length)])

/** What stands for a word in braces. @type {Record<string, string[]>} */
const words = {
  place: ['the north hall', 'room 4.12', 'the café on the corner', 'the workshop', 'platform 7', 'the usual table'],
  time: ['at nine', 'at half past ten', 'after lunch', 'around three', 'before five', 'tomorrow morning', 'on Thursday'],
  thing: ['the timetable', 'the seating plan', 'the budget', 'the poster', 'the sound check', 'the guest list', 'the van'],
  person: ['Mira', 'Jonas', 'Aylin', 'Tomás', 'Wei', 'Zoë', 'Nadia', 'Ibrahim', 'Søren', 'Priya'],
  number: ['2', '3', '5', '12', '40', '150'],
  food: ['soup', 'pizza', 'the lentil thing', 'sandwiches', '餃子', 'crêpes'],
  mood: ['👍', '🎉', '😅', '🙏', 'nice', 'great', ''],
}

/** Little conversations; each line is said by someone else than the line before. */
const threads = [
  ['Has anyone seen {thing}?', 'It was in {place} {time}.', 'Found it, thanks {mood}'],
  ['Who can help in {place} {time}?', 'I can.', 'Me too, but only for {number} minutes.', 'That is enough {mood}'],
  ['{person} asks whether {thing} is final.', 'Not yet. I have {number} open points.', 'Send them here, we go through them {time}.', 'Will do.'],
  ['Lunch?', '{food}!', 'I was hoping for {food}.', 'Both. See you in {place} {time}.'],
  ['Reminder: {thing} closes {time}.', 'Thanks {mood}', 'Can we move that? {person} is on a train.', 'Moved. Last time, though.'],
  ['The printer in {place} is out of paper again.', 'There are {number} boxes in {place}.', 'You are a hero.'],
  ['I put {thing} into the shared folder.', 'I see two versions, which one is it?', 'The one with the later date. I removed the other.', 'Thank you {mood}'],
  ['{person} joins us {time}.', 'Wonderful, welcome!', 'Is there a badge for {person}?', 'Ready in {place}.'],
  ['How many people do we expect?', 'About {number}, says {person}.', 'Then {place} is too small.', 'We take {place} instead.'],
  ['My microphone does not work.', 'Did you try the other cable?', 'There are {number} cables and all look the same {mood}', 'The red one.', 'That was it.'],
  ['Short summary of today: {thing} is done, {thing} is not, we meet {time} in {place}.', 'Thanks for writing that down.', '+1'],
  ['Is it raining at {place}?', 'Yes ☔', 'Take the tram then, line {number}.'],
]

/** @param {string} line */
const fill = (line) => line.replace(/\{(\w+)\}/g, (_, kind) => pick(words[kind] ?? [kind])).trim()

const members = Array.from({ length: MEMBERS }, (_, index) => ({
  address: `user-${String(index + 1).padStart(4, '0')}@example.org`,
  device: /** @type {string} */ (devices[index % devices.length]),
}))

/** chat lets the speakers talk until there are enough messages; the first line of each is by somebody at random. */
function chat() {
  const step = MEMBERS / SPEAKERS
  const speakers = members.filter((_, index) => index % step === 0)
  const messages = []
  for (;;) {
    let before
    for (const line of pick(threads)) {
      let speaker = pick(speakers)
      while (speaker === before) speaker = pick(speakers)
      before = speaker
      messages.push({ from: `${speaker.address}/${speaker.device}`, text: fill(line) })
      if (messages.length === MESSAGES) return messages
    }
  }
}

const roster = ['address,device', ...members.map(({ address, device }) => `${address},${device}`)]
fs.writeFileSync(path.join(__dirname, 'roster.csv'), `${roster.join('\n')}\n`)
fs.writeFileSync(path.join(__dirname, 'chat.jsonl'), `${chat().map((message) => JSON.stringify(message)).join('\n')}\n`)
