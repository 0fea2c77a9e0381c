// The receiver of log files alone, many lives of it a minute, while its log is rotated some thirty times a second.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogFiles } from '../../collector/receivers/log-files.ts';
import type { Batch } from '../../collector/telemetry/batch.ts';
import { systemClock } from '../../collector/telemetry/clock.ts';
import { CollectorError } from '../../collector/telemetry/errors.ts';
import { randomFrom } from '../helpers/random.ts';
import { LogWriter, type Rotation } from './log-writer.ts';
import { judgeOnce, Tally } from './tally.ts';

export interface TailSettings {
  kills: number;
  seed: number;
  /** Exists; everything that is written is in it. */
  folder: string;
  tell(line: string): void;
}

export interface TailResult {
  kills: number;
  losses: number;
  doubled: number;
  notes: string[];
}

const ROTATIONS: readonly Rotation[] = ['renamed', 'copied'];
const TURN_MS = 8;
const COMMIT_MS = 2;
/** Between two looks, and of one look until it is cut short. */
const MOST_PAUSE_MS = 60;
const MOST_LOOK_MS = 8;
/** How often a life ends after a look, and amid one; and how long nobody looks then. */
const END = 0.06;
const CUT = 0.05;
const MOST_AWAY_MS = 150;
/** Looks at the end: files are judged again for so long. */
const LAST_LOOKS = 90;

/** What is durable: the lines, how often each, and the checkpoints. Of a life that is over nothing is taken any more. */
class Durable {
  readonly copies = new Map<number, number>();
  readonly checkpoints = new Map<string, string>();
  life = 0;

  async take(life: number, batches: readonly Batch[]): Promise<undefined> {
    await sleep(COMMIT_MS);
    if (life !== this.life) throw new CollectorError('store-failed', 'this life is over');
    for (const { body, offsets, checkpoint } of batches) {
      for (const [i, at] of offsets.offset.entries()) {
        const line = Buffer.from(body.subarray(at, at + offsets.length[i]!)).toString();
        const n = Number((JSON.parse(line) as { msg: string }).msg.slice('line '.length));
        this.copies.set(n, (this.copies.get(n) ?? 0) + 1);
      }
      if (checkpoint) this.checkpoints.set(checkpoint.source, checkpoint.position);
    }
    return undefined;
  }
}

export async function soakTail({ kills, seed, folder, tell }: TailSettings): Promise<TailResult> {
  const tally = new Tally();
  const notes: string[] = [];
  for (const [at, rotation] of ROTATIONS.entries()) {
    mkdirSync(join(folder, rotation));
    const path = join(folder, rotation, 'app.log');
    const writer = new LogWriter(path, rotation, randomFrom(seed + 1 + at));
    const durable = new Durable();
    await live(path, writer, durable, { kills, random: randomFrom(seed + 11 + at) });
    judgeOnce(tally, `${rotation} line`, writer.lines, durable.copies);
    notes.push(
      `${rotation}: ${writer.lines} lines, ${writer.rotations} rotations, ${writer.compressed} compressed`,
    );
    tell(notes.at(-1)!);
    writer.close();
  }
  return { kills, losses: tally.losses, doubled: tally.doubled, notes: [...notes, ...tally.notes] };
}

function receiverOf(path: string, durable: Durable, warn: (message: string) => void) {
  const life = ++durable.life;
  return createLogFiles(
    { files: [{ include: [path], resource: { 'service.name': 'soaked' }, format: 'json' }] },
    {
      consume: (batches) => durable.take(life, batches),
      checkpoint: async (source) => durable.checkpoints.get(source),
      stats: { accepted: () => {}, refused: (_name, _signal, _records, reason) => warn(reason) },
      clock: systemClock,
      warn: () => {},
    },
  );
}

/** Many lives, each ended after a look or amid one, as the process would end; at the end all is read. */
async function live(
  path: string,
  writer: LogWriter,
  durable: Durable,
  { kills, random }: { kills: number; random: () => number },
): Promise<void> {
  const refused = (reason: string) => {
    throw new Error(`the receiver refused: ${reason}`);
  };
  let receiver = receiverOf(path, durable, refused);
  writer.write();
  // What was rotated away before the first look would be history.
  await receiver.poll();
  const turns = setInterval(() => writer.turn(), TURN_MS);
  const over = async (look: Promise<void>) => {
    durable.life++;
    void look.then(() => dead.stop());
    const dead = receiver;
    await sleep(random() * MOST_AWAY_MS);
    receiver = receiverOf(path, durable, refused);
  };
  try {
    for (let killed = 0; killed < kills; ) {
      const look = receiver.poll();
      const drawn = random();
      if (drawn < CUT) await sleep(random() * MOST_LOOK_MS);
      else await look;
      if (drawn < CUT + END) {
        await over(look);
        killed++;
      }
      await sleep(random() * MOST_PAUSE_MS);
    }
  } finally {
    clearInterval(turns);
  }
  for (let looks = 0; looks < LAST_LOOKS; looks++) await receiver.poll();
  await receiver.stop();
}
