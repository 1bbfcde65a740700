#!/bin/sh
# Makes what the nodes of the engine show one another and their gateways: an authority, and for each node a certificate that is good for server and client.
#   ./certificates.sh certs nats-1 nats-2 nats-3
# Names are those by which gateways and other nodes call the node; each gets localhost and 127.0.0.1 too. Keep authority.key apart: whoever has it can be a node.
set -eu
[ $# -ge 2 ] || { echo "usage: $0 <folder> <node>..." >&2; exit 2; }
folder=$1
shift
umask 077
mkdir -p "$folder"
cd "$folder"
[ -e authority.key ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1825 -subj "/CN=shoal engine" -keyout authority.key -out authority.pem 2>/dev/null
for node in "$@"; do
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$node" -keyout "$node.key" -out "$node.csr" 2>/dev/null
  printf 'subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\nbasicConstraints=CA:FALSE\n' "$node" > "$node.ext"
  openssl x509 -req -in "$node.csr" -CA authority.pem -CAkey authority.key -CAcreateserial -days 825 -extfile "$node.ext" -out "$node.pem" 2>/dev/null
  rm "$node.csr" "$node.ext"
done
chmod 644 ./*.pem
