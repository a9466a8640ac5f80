export { IntermodalError } from './error.ts';
