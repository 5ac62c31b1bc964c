"""A permissioned Ethereum network on which an IoT industry keeps its security promises."""
