import { timingSafeEqual } from 'node:crypto';
import {
  admits,
  type HarborPush,
  type ImageVerdict,
  isSignatureTag,
  parseHarborEvent,
  reasons,
} from '../../../images/index.ts';
import { HarborError } from './harbor-client.ts';
import type { Artifact, Quarantine } from './harbor-quarantine.ts';
import type { Judged } from './image-verifier.ts';

/** What became of one artifact of an event. */
export type Outcome = {
  verdict: Judged;
  done: 'nothing' | 'labelled' | 'released' | 'deleted' | 'failed';
  problem: string;
};

/** What the webhook answers. */
type HookAnswer = { status: number; body: unknown };

/** Takes what Harbor's webhook posts. */
export type HarborHook = {
  handle(authorization: string | undefined, body: unknown): Promise<HookAnswer>;
  /** Forgets what was to be looked at again; answers how much that was. */
  stop(): number;
};

/** What a hook is made of. */
export type HookParts = {
  /** What Harbor has to send as its Authorization header. */
  secret: string;
  quarantine: Quarantine;
  onFailure: 'label' | 'delete';
  graceMs: number;
  failOpen: boolean;
  verify: (reference: string) => Promise<Judged>;
  /** Told of every outcome, with the event and the artifact. */
  told: (outcome: Outcome, push: HarborPush, again: boolean) => void;
  /** Told of what nobody waits for and must not be lost. */
  broke: (error: unknown) => void;
  /** Runs `work` later; answers what prevents it. */
  later: (work: () => void, ms: number) => () => void;
};

/** Pushes that are looked at again; more than this are labelled and stay so until they are pushed anew. */
const maxPending = 1000;

/**
 * A hook that labels what is refused at once and, because images are pushed before they are signed, looks again after
 * the grace: then the label comes off what is signed now, and the tag goes where that was asked for.
 */
export function createHarborHook(parts: HookParts): HarborHook {
  const pending = new Map<string, () => void>();

  const settle = async (
    artifact: Artifact & { reference: string },
    push: HarborPush,
    again: boolean,
  ): Promise<Outcome> => {
    const verdict = await parts.verify(artifact.reference);
    const outcome = await act(verdict, artifact, again, parts);
    parts.told(outcome, push, again);
    if (!again && !admits(verdict, parts.failOpen)) remember(artifact, push);
    return outcome;
  };

  const remember = (artifact: Artifact & { reference: string }, push: HarborPush) => {
    const key = `${artifact.reference} ${artifact.tag}`;
    if (pending.has(key) || pending.size >= maxPending) return;
    const cancel = parts.later(() => {
      pending.delete(key);
      settle(artifact, push, true).catch(parts.broke);
    }, parts.graceMs);
    pending.set(key, cancel);
  };

  return {
    async handle(authorization, body) {
      if (!sameText(authorization ?? '', parts.secret))
        return { status: 401, body: { error: 'the auth header is wrong' } };
      const event = parseHarborEvent(body);
      if ('problem' in event) return { status: 400, body: { error: event.problem } };
      if ('ignored' in event) return { status: 200, body: { ignored: event.ignored } };
      const artifacts = event.artifacts.filter(({ tag }) => !isSignatureTag(tag));
      const outcomes = await Promise.all(
        artifacts.map((one) =>
          settle({ ...one, project: event.project, repository: event.repository }, event, false),
        ),
      );
      const failed = outcomes.some(({ done }) => done === 'failed');
      // Harbor posts again what was not taken.
      return { status: failed ? 503 : 200, body: { artifacts: outcomes.map(shown) } };
    },
    stop() {
      for (const cancel of pending.values()) cancel();
      return pending.size;
    },
  };
}

async function act(verdict: Judged, artifact: Artifact, again: boolean, parts: HookParts): Promise<Outcome> {
  const { quarantine, onFailure, failOpen } = parts;
  try {
    if (admits(verdict, failOpen)) {
      await quarantine.release(artifact);
      return { verdict, done: again ? 'released' : 'nothing', problem: '' };
    }
    // What could not be judged is never deleted.
    if (
      again &&
      onFailure === 'delete' &&
      reasons[verdict.reason].outcome === 'refused' &&
      artifact.tag !== undefined
    ) {
      await quarantine.deleteTag(artifact);
      return { verdict, done: 'deleted', problem: '' };
    }
    await quarantine.label(artifact);
    return { verdict, done: 'labelled', problem: '' };
  } catch (error) {
    if (!(error instanceof HarborError)) throw error;
    return { verdict, done: 'failed', problem: error.message };
  }
}

function shown({ verdict: { image, reason, detail }, done, problem }: Outcome): unknown {
  const verdict: Pick<ImageVerdict, 'image' | 'reason' | 'detail'> = { image, reason, detail };
  return { ...verdict, done, ...(problem === '' ? {} : { problem }) };
}

/** Compares without telling by its time where the difference is. */
function sameText(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
