import { losesNothingWhenKilled } from './killed.ts';
import { sqsPlaces } from './sqs-places.ts';

losesNothingWhenKilled(sqsPlaces);
