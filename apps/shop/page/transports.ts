import type {
  OfferState,
  Snapshot,
  SwapReport,
  SwapState,
  SwapStep,
} from '../src/live/snapshot.ts';
import { press } from './ask.ts';
import { byId, figure, make, onChange, say } from './dom.ts';

interface Choice {
  readonly offers: readonly OfferState[];
  readonly current: string;
  readonly isSwapping: boolean;
}

const steps: readonly (readonly [SwapStep, string])[] = [
  ['open', 'open the new one'],
  ['hold', 'hold new orders'],
  ['drain', 'drain the old one'],
  ['close', 'close it'],
  ['go on', 'go on'],
];

/** The transports to choose from, the hand-over that is under way, and those that were. */
export function showTransports({ offers, transport, swap, swaps }: Snapshot): void {
  showChoice({ offers, current: transport.id, isSwapping: swap !== undefined });
  showHandover(swap);
  showSwaps(swaps);
}

const showChoice = onChange(({ offers, current, isSwapping }: Choice) => {
  const list = byId('offers', HTMLElement);
  const focused = document.activeElement?.getAttribute('data-offer');
  list.replaceChildren(
    ...offers.map((offer) => {
      const isCurrent = offer.id === current;
      const button = make(
        'button',
        { type: 'button', className: 'offer', disabled: isSwapping || !offer.isReachable },
        make('strong', {}, offer.label),
        make('span', {}, stateOf(offer, isCurrent)),
      );
      button.dataset['offer'] = offer.id;
      button.setAttribute('aria-pressed', String(isCurrent));
      button.addEventListener('click', () => {
        if (!isCurrent) void press('/api/swap', { to: offer.id });
      });
      if (offer.isReachable || offer.howToStart === undefined) return button;
      const start = make('code', {}, offer.howToStart);
      return make('div', { className: 'missing' }, button, make('p', {}, 'start one with ', start));
    }),
  );
  if (focused) list.querySelector<HTMLElement>(`[data-offer="${focused}"]`)?.focus();
});

function stateOf({ runsOn, isReachable }: OfferState, isCurrent: boolean): string {
  if (isCurrent) return `in use: ${runsOn}`;
  return isReachable ? runsOn : 'no broker answers';
}

function showHandover(swap: SwapState | undefined): void {
  const box = byId('handover', HTMLElement);
  box.hidden = swap === undefined;
  if (swap === undefined) return;
  const left = swap.step === 'drain' ? `: ${figure(swap.left)} deliveries left` : '';
  say(byId('handover-title', HTMLElement), `${swap.from} → ${swap.to}${left}`);
  const at = steps.findIndex(([step]) => step === swap.step);
  byId('handover-steps', HTMLElement).replaceChildren(
    ...steps.map(([, text], index) => {
      const item = make('li', { className: index < at ? 'done' : '' }, text);
      if (index === at) item.setAttribute('aria-current', 'step');
      return item;
    }),
  );
  const progress = byId('handover-progress', HTMLProgressElement);
  progress.value =
    swap.step === 'drain' && swap.toDrain > 0
      ? 1 - swap.left / swap.toDrain
      : at / (steps.length - 1);
}

const showSwaps = onChange((swaps: readonly SwapReport[]) => {
  byId('swaps', HTMLElement).hidden = swaps.length === 0;
  byId('swaps-rows', HTMLElement).replaceChildren(
    ...swaps.map(({ from, to, drained, pauseMs, missing, redriven }) =>
      make(
        'tr',
        {},
        make('td', {}, from),
        make('td', {}, to),
        make('td', {}, figure(drained), redriven > 0 ? `, ${figure(redriven)} redriven` : ''),
        make('td', {}, `${figure(pauseMs)} ms`),
        make('td', { className: missing > 0 ? 'wrong' : 'right' }, figure(missing)),
      ),
    ),
  );
});
