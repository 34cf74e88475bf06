"""EnableNetworkIsolation: network namespaces that a firewall of their own closes.

A network without a way out is not enough. The engine's host answers ARP for each of its addresses on every bridge, also
on one that has no address, so a program that binds its socket to the interface, or sends a broadcast, reaches what
listens on the host. Therefore the packets are dropped where they begin, inside the namespace, which a container without
NET_ADMIN cannot change. Nothing is altered on the host, and it is the same on every engine."""
