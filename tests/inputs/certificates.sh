#!/usr/bin/env bash
# Makes the certificates and keys of tests/inputs/certificates: one of a querier, as OpenSSL and others keep it. They protect nothing.
#
#   tests/inputs/certificates.sh            makes them anew; the password of all that is encrypted is 'geheim'
set -euo pipefail
cd "$(dirname "$0")/certificates"
rm -f ./*
days=36500 password=geheim

openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl req -x509 -new -key ca.key -subj "/CN=Office" -days $days -addext basicConstraints=critical,CA:TRUE -out ca.pem
openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out own.key
openssl req -new -key own.key -subj "/CN=A" -out request.csr
openssl x509 -req -in request.csr -CA ca.pem -CAkey ca.key -days $days -out own.pem \
    -extfile <(echo "extendedKeyUsage=clientAuth")

openssl x509 -in own.pem -outform der -out certificate.der
openssl x509 -in own.pem -trustout -addtrust clientAuth -out trusted.pem
openssl crl2pkcs7 -nocrl -certfile own.pem -out envelope.p7c
openssl crl2pkcs7 -nocrl -certfile own.pem -outform der -out envelope.p7b
openssl pkcs12 -export -in own.pem -inkey own.key -passout pass:$password -out both.p12
openssl pkey -in own.key -pubout -out public.pem
openssl pkey -in own.key -outform der -out key.der
openssl ec -in own.key -outform der -out sec1.der
openssl pkcs8 -topk8 -in own.key -passout pass:$password -out encrypted.key
openssl pkcs8 -topk8 -in own.key -outform der -passout pass:$password -out encrypted.der
openssl ec -in own.key -aes128 -passout pass:$password -out traditional.key
cp own.key openssh.key
chmod 600 openssh.key
ssh-keygen -q -p -P "" -N "" -f openssh.key
rm -f ca.key ./*.srl
