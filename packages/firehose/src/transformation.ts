export type {
  KinesisMetadata,
  TransformationContext,
  TransformationEvent,
  TransformationInput,
  TransformationOutput,
  TransformationReply,
} from './lambda/event.ts';
export type {
  TransformationFailure,
  TransformationOptions,
  TransformationRecord,
  Transformed,
} from './lambda/options.ts';
export { createFirehoseTransformation, type Transformation } from './lambda/transformation.ts';
