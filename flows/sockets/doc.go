// Package sockets is for the test that plays every flow once over real sockets in network namespaces.
package sockets
