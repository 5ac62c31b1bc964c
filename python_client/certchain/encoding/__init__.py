"""The only place that builds a preimage or turns a model into bytes; twin of ``contracts/libraries/Preimage.sol``."""
