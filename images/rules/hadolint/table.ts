import type { Rule } from '../rule.ts';
import { dl1001 } from './dl1001.ts';
import { dl3000 } from './dl3000.ts';
import { dl3001 } from './dl3001.ts';
import { dl3002 } from './dl3002.ts';
import { dl3003 } from './dl3003.ts';
import { dl3004 } from './dl3004.ts';
import { dl3006 } from './dl3006.ts';
import { dl3007 } from './dl3007.ts';
import { dl3008 } from './dl3008.ts';
import { dl3009 } from './dl3009.ts';
import { dl3010 } from './dl3010.ts';
import { dl3011 } from './dl3011.ts';
import { dl3012 } from './dl3012.ts';
import { dl3013 } from './dl3013.ts';
import { dl3014 } from './dl3014.ts';
import { dl3015 } from './dl3015.ts';
import { dl3016 } from './dl3016.ts';
import { dl3018 } from './dl3018.ts';
import { dl3019 } from './dl3019.ts';
import { dl3020 } from './dl3020.ts';
import { dl3021 } from './dl3021.ts';
import { dl3022 } from './dl3022.ts';
import { dl3023 } from './dl3023.ts';
import { dl3024 } from './dl3024.ts';
import { dl3025 } from './dl3025.ts';
import { dl3026 } from './dl3026.ts';
import { dl3027 } from './dl3027.ts';
import { dl3028 } from './dl3028.ts';
import { dl3029 } from './dl3029.ts';
import { dl3030 } from './dl3030.ts';
import { dl3032 } from './dl3032.ts';
import { dl3033 } from './dl3033.ts';
import { dl3034 } from './dl3034.ts';
import { dl3035 } from './dl3035.ts';
import { dl3036 } from './dl3036.ts';
import { dl3037 } from './dl3037.ts';
import { dl3038 } from './dl3038.ts';
import { dl3040 } from './dl3040.ts';
import { dl3041 } from './dl3041.ts';
import { dl3042 } from './dl3042.ts';
import { dl3043 } from './dl3043.ts';
import { dl3044 } from './dl3044.ts';
import { dl3045 } from './dl3045.ts';
import { dl3046 } from './dl3046.ts';
import { dl3047 } from './dl3047.ts';
import { dl3048 } from './dl3048.ts';
import { dl3049 } from './dl3049.ts';
import { dl3050 } from './dl3050.ts';
import { dl3051 } from './dl3051.ts';
import { dl3052 } from './dl3052.ts';
import { dl3053 } from './dl3053.ts';
import { dl3054 } from './dl3054.ts';
import { dl3055 } from './dl3055.ts';
import { dl3056 } from './dl3056.ts';
import { dl3057 } from './dl3057.ts';
import { dl3058 } from './dl3058.ts';
import { dl3059 } from './dl3059.ts';
import { dl3060 } from './dl3060.ts';
import { dl3061 } from './dl3061.ts';
import { dl3062 } from './dl3062.ts';
import { dl3063 } from './dl3063.ts';
import { dl3064 } from './dl3064.ts';
import { dl3065 } from './dl3065.ts';
import { dl3066 } from './dl3066.ts';
import { dl3067 } from './dl3067.ts';
import { dl3068 } from './dl3068.ts';
import { dl3069 } from './dl3069.ts';
import { dl3070 } from './dl3070.ts';
import { dl3071 } from './dl3071.ts';
import { dl3072 } from './dl3072.ts';
import { dl3073 } from './dl3073.ts';
import { dl3074 } from './dl3074.ts';
import { dl3075 } from './dl3075.ts';
import { dl3076 } from './dl3076.ts';
import { dl3077 } from './dl3077.ts';
import { dl4000 } from './dl4000.ts';
import { dl4001 } from './dl4001.ts';
import { dl4003 } from './dl4003.ts';
import { dl4004 } from './dl4004.ts';
import { dl4005 } from './dl4005.ts';
import { dl4006 } from './dl4006.ts';
import { dl4007 } from './dl4007.ts';

/** Every rule that has hadolint's number, in the order of the numbers. */
export const hadolintRules: readonly Rule[] = [
  dl1001,
  dl3000,
  dl3001,
  dl3002,
  dl3003,
  dl3004,
  dl3006,
  dl3007,
  dl3008,
  dl3009,
  dl3010,
  dl3011,
  dl3012,
  dl3013,
  dl3014,
  dl3015,
  dl3016,
  dl3018,
  dl3019,
  dl3020,
  dl3021,
  dl3022,
  dl3023,
  dl3024,
  dl3025,
  dl3026,
  dl3027,
  dl3028,
  dl3029,
  dl3030,
  dl3032,
  dl3033,
  dl3034,
  dl3035,
  dl3036,
  dl3037,
  dl3038,
  dl3040,
  dl3041,
  dl3042,
  dl3043,
  dl3044,
  dl3045,
  dl3046,
  dl3047,
  dl3048,
  dl3049,
  dl3050,
  dl3051,
  dl3052,
  dl3053,
  dl3054,
  dl3055,
  dl3056,
  dl3057,
  dl3058,
  dl3059,
  dl3060,
  dl3061,
  dl3062,
  dl3063,
  dl3064,
  dl3065,
  dl3066,
  dl3067,
  dl3068,
  dl3069,
  dl3070,
  dl3071,
  dl3072,
  dl3073,
  dl3074,
  dl3075,
  dl3076,
  dl3077,
  dl4000,
  dl4001,
  dl4003,
  dl4004,
  dl4005,
  dl4006,
  dl4007,
];
