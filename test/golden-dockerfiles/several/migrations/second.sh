echo not embedded
