import { useRef, useState } from 'preact/hooks';
import type { Incident as IncidentBody } from '../../api/types.ts';
import { formatCount, formatDuration, formatMoment, formatRange, formatShare, nanoToMs } from '../format.ts';
import { ShareIncident } from '../parts/share-incident.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { FailedPart } from '../parts/table-states.tsx';
import type { Route } from '../router.ts';
import { useConsole } from '../state/console.ts';
import { useResource } from '../state/resource.ts';
import { useKeys } from '../state/use-keys.ts';
import { firstSentence, routeText, type Step, stepsOf } from './evidence.ts';
import { Alternatives, Evidence } from './finding.tsx';

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function Head({ body }: { body: IncidentBody }) {
  const app = useConsole();
  const onset = nanoToMs(body.onsetUnixNano);
  const until = body.closedUnixNano ? nanoToMs(body.closedUnixNano) : app.now();
  const open = body.state === 'open';
  const end = body.closedUnixNano ? formatMoment(until, app.now()) : 'now';
  const state = open ? (body.signal === 'errors' ? 'failing' : 'slow') : 'normal';
  return (
    <div class="ih">
      <div class="s t2">
        <StateMark state={state}>{capital(body.state)}</StateMark>{' '}
        <span class="ih-what">
          {body.service || 'no service named'} · {routeText(body)} · {formatMoment(onset, app.now())} – {end}{' '}
          UTC, {formatDuration(Math.max(0, until - onset))} ·{' '}
          {body.openedBy === 'question' ? 'explained' : 'opened'}{' '}
          {formatMoment(nanoToMs(body.openedUnixNano), app.now())}
        </span>
        <ShareIncident id={body.id} />
      </div>
      <h1>{body.title}</h1>
    </div>
  );
}

/** A runbook is a link only where it is an address of the web. */
function Runbook({ address }: { address: string }) {
  const web = /^https?:\/\//.test(address);
  return <p class="s wrap">{web ? <a href={address}>Runbook</a> : `Runbook: ${address}`}</p>;
}

function Verdict({ body }: { body: IncidentBody }) {
  const { tier, holds, tested, reason } = body.confidence;
  const { first, rest } = firstSentence(body.verdict);
  return (
    <div class="vd">
      <div>
        <h3>Verdict</h3>
        <p>
          <b>{first}</b>
          {rest}
        </p>
        {body.unknown ? (
          <p class="s t2">
            <b>Not known:</b> {body.unknown}
          </p>
        ) : null}
        {body.lacked?.length ? (
          <p class="s t2">
            <b>Lacked:</b> {body.lacked.join(' ')}
          </p>
        ) : null}
      </div>
      <div>
        <h3>Confidence</h3>
        <p>
          <b>{capital(tier)}.</b> {holds} of {tested} links hold.
        </p>
        <p class="s t2">{reason}</p>
      </div>
      <div>
        <h3>Harm</h3>
        <p>{body.harm || 'not known'}</p>
        {body.budgetCost?.map((cost) => (
          <p key={cost.slo} class="s t2">
            {cost.share === null ? 'No part' : formatShare(cost.share)} of the {cost.window} budget of{' '}
            {cost.slo}: {formatCount(cost.badEvents)} of {formatCount(cost.totalEvents)} events bad
          </p>
        ))}
      </div>
      <div>
        <h3>Try first</h3>
        <p>{body.tryFirst || 'not known'}</p>
        {body.runbook ? <Runbook address={body.runbook} /> : null}
      </div>
    </div>
  );
}

function toStep(number: number): void {
  document.getElementById(`step-${number}`)?.scrollIntoView({ block: 'start' });
}

function Chain({ body, steps }: { body: IncidentBody; steps: readonly Step[] }) {
  const app = useConsole();
  const { fromUnixNano, toUnixNano } = body.baseline;
  return (
    <nav class="chain hide-m" aria-label="Steps">
      {steps.map((step, i) => (
        <a
          key={step.kind}
          href={`#step-${i + 1}`}
          onClick={(event) => {
            event.preventDefault();
            toStep(i + 1);
          }}
        >
          <span class={step.untested ? 'n dash' : 'n'}>{i + 1}</span>
          {step.name}
        </a>
      ))}
      <span class="sp" />
      <span class="xs t3">
        before: {formatRange(nanoToMs(fromUnixNano), nanoToMs(toUnixNano), app.now())}
      </span>
    </nav>
  );
}

function Claims({ step }: { step: Step }) {
  if (step.kind === 'alternatives') {
    return <p>Each was tested against the same time. The numbers speak against those marked refuted.</p>;
  }
  return step.findings.map((f, i) => (
    <p key={i} class={f.outcome === 'holds' ? undefined : 't2'}>
      {f.outcome === 'untested' && !/^not tested/i.test(f.statement) ? 'Not tested: ' : ''}
      {f.statement}
    </p>
  ));
}

interface StepProps {
  step: Step;
  number: number;
  onsetUnixNano: string;
  asTable: boolean;
}

function StepSection({ step, number, onsetUnixNano, asTable }: StepProps) {
  return (
    <section class="step" id={`step-${number}`} aria-labelledby={`step-name-${number}`}>
      <div class="sn">
        <span class={step.untested ? 'n dash' : 'n'}>{number}</span>
        <span>
          <h2 id={`step-name-${number}`}>{step.name}</h2>
          <span class="xs t3">{step.looksAt}</span>
        </span>
      </div>
      <div class="cl">
        <Claims step={step} />
      </div>
      <div class="ev">
        {step.kind === 'alternatives' ? (
          <Alternatives findings={step.findings} />
        ) : (
          step.findings.map((finding, i) => (
            <Evidence key={i} finding={finding} onsetUnixNano={onsetUnixNano} asTable={asTable} />
          ))
        )}
      </div>
    </section>
  );
}

function OpenIncident({ body }: { body: IncidentBody }) {
  const [asTable, setAsTable] = useState(false);
  const steps = stepsOf(body);
  useKeys([
    ...steps.map((step, i) => ({
      keys: String(i + 1),
      says: step.name.toLowerCase(),
      run: () => toStep(i + 1),
      ...(i === 0 ? { hint: [`1–${steps.length}`, 'step'] as [string, string] } : {}),
    })),
    { keys: 't', says: 'charts as tables', run: () => setAsTable(!asTable), hint: ['t', 'tables'] },
  ]);
  return (
    <>
      <Head body={body} />
      <Verdict body={body} />
      <Chain body={body} steps={steps} />
      {steps.map((step, i) => (
        <StepSection
          key={step.kind}
          step={step}
          number={i + 1}
          onsetUnixNano={body.onsetUnixNano}
          asTable={asTable}
        />
      ))}
      {steps.length === 0 ? <p class="note ft">No findings are stored with this incident.</p> : null}
    </>
  );
}

/** One incident: the verdict first, then the steps that led to it, each a claim beside its evidence. */
export function Incident({ at }: { at: Extract<Route, { view: 'incident' }> }) {
  const app = useConsole();
  const resource = useResource(`incident ${at.id}`, true, (signal) => app.api.incident(at.id, signal));
  // The same state answered again keeps its object, so that charts and what the reader points at stay.
  const kept = useRef<IncidentBody>(undefined);
  const fresh = resource.data;
  if (fresh?.id !== kept.current?.id || fresh?.updatedUnixNano !== kept.current?.updatedUnixNano)
    kept.current = fresh;
  if (resource.error?.status === 404) {
    return (
      <>
        <h1>No such incident</h1>
        <p class="t2 wrap">
          Incident <code>{at.id}</code> is not stored: it is older than what the store keeps, or the address
          is mistyped.
        </p>
      </>
    );
  }
  return (
    <>
      <FailedPart what="The incident" resource={resource} />
      {kept.current ? <OpenIncident body={kept.current} /> : null}
      {resource.loading && !resource.data ? <p class="t3">Reading the incident …</p> : null}
    </>
  );
}
