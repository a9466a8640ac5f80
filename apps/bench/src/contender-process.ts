// The process of one contender and one round; it hands its result to the process that started it.
import { findBenches } from './find-benches.ts';
import { measure, type Task } from './measure.ts';

const task = JSON.parse(process.argv[2] ?? '') as Task;
const benches = await findBenches(task.file);
const bench = benches.find((each) => each.name === task.bench);
const contender = bench?.contenders.find((each) => each.name === task.contender);
if (contender === undefined) throw new Error(`no contender '${task.contender}' in ${task.file}`);
const result = await measure(contender, task);
// Some contenders leave polls open that nobody can end.
process.send?.(result, () => process.exit());
if (process.send === undefined) process.exit();
