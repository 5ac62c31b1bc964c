"""One file an actor. Roles never import one another: between them there are only messages."""
