import type { Observation } from './experiment.ts';

const begin = '<!-- experiments: begin -->';
const end = '<!-- experiments: end -->';

/** One row for each experiment, one column for each emulator; differences are bold. */
export function tableOf(columns: ReadonlyMap<string, readonly Observation[]>): string {
  const names = [...columns.keys()];
  const [first = []] = columns.values();
  const lines: string[] = [];
  let topic = '';
  first.forEach(({ experiment }, row) => {
    if (experiment.topic !== topic) {
      topic = experiment.topic;
      lines.push(
        '',
        `### ${topic}`,
        '',
        `| | AWS | ${names.join(' | ')} |`,
        rule(names.length + 2),
      );
    }
    const seen = names.map((name) => cell(columns.get(name)?.[row]));
    lines.push(
      `| ${escaped(experiment.name)} | ${escaped(experiment.aws ?? '–')} | ${seen.join(' | ')} |`,
    );
  });
  return [summary(columns), ...lines].join('\n');
}

/** The page with the table between its two marks replaced. */
export function insertTable(page: string, table: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page has no ${begin} … ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${table}\n\n${page.slice(to)}`;
}

function summary(columns: ReadonlyMap<string, readonly Observation[]>): string {
  return [...columns]
    .map(([name, observations]) => {
      const judged = observations.filter(({ verdict }) => verdict !== 'not judged');
      const alike = judged.filter(({ verdict }) => verdict === 'as AWS');
      return `${name}: ${alike.length} of ${judged.length} as AWS.`;
    })
    .join(' ');
}

function cell(observation: Observation | undefined): string {
  if (!observation) return '';
  const { verdict } = observation;
  const seen = escaped(observation.seen);
  if (verdict === 'as AWS') return 'same';
  return verdict === 'differs' ? `**${seen}**` : seen;
}

function rule(columns: number): string {
  return `|${' --- |'.repeat(columns)}`;
}

function escaped(text: string): string {
  const line = text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  return line.length > 120 ? `${line.slice(0, 117)}…` : line;
}
