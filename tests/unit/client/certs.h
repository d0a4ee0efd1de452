/* Certificates for the tests, valid for a hundred years, made with the openssl
 * command. */
#ifndef TESTS_UNIT_CLIENT_CERTS_H
#define TESTS_UNIT_CLIENT_CERTS_H

/* a root constrained to example.net */
#define PEM_ROOT                                                               \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIBpDCCAUugAwIBAgIUO2jfRNVi3edT9xjt0+wJ6zI06/0wCgYIKoZIzj0EAwIw\n"   \
	"FDESMBAGA1UEAwwJVGVzdCByb290MCAXDTI2MTEyMTE4NTEyOFoYDzIxMjYxMDI4\n"   \
	"MTg1MTI4WjAUMRIwEAYDVQQDDAlUZXN0IHJvb3QwWTATBgcqhkjOPQIBBggqhkjO\n"   \
	"PQMBBwNCAAQ6evo4vm2/p+fIC7WpxZfqWyoTIxci8kTq4SIu/WHeRITOHKD0Jb3K\n"   \
	"9WMQAU5r1KCF4y+Po91C2d25Soyzfk3Fo3kwdzAPBgNVHRMBAf8EBTADAQH/MA4G\n"   \
	"A1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUgv9FiBW+B9Kpm8q7KoVdFtWcMEIwNQYD\n"   \
	"VR0eAQH/BCswKaAnMA2CC2V4YW1wbGUubmV0MAqHCMAAAgD///8AMAqHCH8AAAD/\n"   \
	"AAAAMAoGCCqGSM49BAMCA0cAMEQCIGu1MqYpTvuqG1U+DXayI+Uw1BjaegWKowi/\n"   \
	"yo9zqQP1AiBh8FBtLqttyLeA8aJ2jGoa9G7MTyrIFSieNvWn7OMBFQ==\n"           \
	"-----END CERTIFICATE-----\n"

/* a root without constraints */
#define PEM_FREEROOT                                                           \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIBgDCCASagAwIBAgIUAaKNRq9pNOMCu8RG3Wve4HcUBRYwCgYIKoZIzj0EAwIw\n"   \
	"HTEbMBkGA1UEAwwSVW5jb25zdHJhaW5lZCByb290MCAXDTI2MTEyMTE4NTEyOFoY\n"   \
	"DzIxMjYxMDI4MTg1MTI4WjAdMRswGQYDVQQDDBJVbmNvbnN0cmFpbmVkIHJvb3Qw\n"   \
	"WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARSsFvRSAciNHwKYAHIDcx/xBDkpWcU\n"   \
	"ZwnB2Jq/OSrj5aQVV21NG9FHheRJp1pksSe+YsO7JG3SGG9ZnMIpxIqPo0IwQDAP\n"   \
	"BgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUE5ZX37YE\n"   \
	"JOTmiGRZBjYLOomCMtwwCgYIKoZIzj0EAwIDSAAwRQIgE4PgDn6xFoeaj7Xut4pg\n"   \
	"2GbNeilAaxSgKfja6mHQTRUCIQDmbxW+OATT+Pa8vTta7U+QEfMVrbIzUnVWlUQ+\n"   \
	"PsfQig==\n"                                                           \
	"-----END CERTIFICATE-----\n"

/* below root */
#define PEM_ISSUING                                                            \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIBmDCCAT6gAwIBAgIUEXtNAxHnxZnoa7g7voSAzvG3DUkwCgYIKoZIzj0EAwIw\n"   \
	"FDESMBAGA1UEAwwJVGVzdCByb290MCAXDTI2MTEyMTE4NTEyOFoYDzIxMjYxMDI4\n"   \
	"MTg1MTI4WjAaMRgwFgYDVQQDDA9UZXN0IGlzc3VpbmcgQ0EwWTATBgcqhkjOPQIB\n"   \
	"BggqhkjOPQMBBwNCAAR+dMAifY+A81odQCELJHNaXrdT+SOdBhrYtWAMqbWs4BfO\n"   \
	"CxdgWY8ZekN+dB/eKOMysDja0E0wl3uuYmW2Xtpoo2YwZDASBgNVHRMBAf8ECDAG\n"   \
	"AQH/AgEAMA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUATOiVR91k/1ieBI2Qow7\n"   \
	"vAh/02YwHwYDVR0jBBgwFoAUgv9FiBW+B9Kpm8q7KoVdFtWcMEIwCgYIKoZIzj0E\n"   \
	"AwIDSAAwRQIhAInjsowF0gSYeHsXc/pLWGyqfsc0zD+TmFKreN4jXXpHAiAksxj4\n"   \
	"q83x2HWb4wwjXxYb+u4Gq9ZGj9fem8Bouv2g+w==\n"                           \
	"-----END CERTIFICATE-----\n"

/* dns.example.net, DoT and DoH, below issuing */
#define PEM_DNS                                                                \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIICITCCAcigAwIBAgIUPPLoOt3TlXzF+mmgHvTKYX7YExgwCgYIKoZIzj0EAwIw\n"   \
	"GjEYMBYGA1UEAwwPVGVzdCBpc3N1aW5nIENBMCAXDTI2MTEyMTE4NTEyOFoYDzIx\n"   \
	"MjYxMDI4MTg1MTI4WjAaMRgwFgYDVQQDDA9kbnMuZXhhbXBsZS5uZXQwWTATBgcq\n"   \
	"hkjOPQIBBggqhkjOPQMBBwNCAAQBp1vXyMutNzhOvMX89Hurs6hO+oSbSZGmaqu3\n"   \
	"fpGdfWLYfpdy42SuQsLGy7h8bNPclVxvs/h3WiR/XMhj1H5To4HpMIHmMAwGA1Ud\n"   \
	"EwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMB0GA1UdJQQWMBQGCCsGAQUFBwMBBggr\n"   \
	"BgEFBQcDAjAfBgNVHSMEGDAWgBQBM6JVH3WT/WJ4EjZCjDu8CH/TZjBnBgNVHREE\n"   \
	"YDBegg9kbnMuZXhhbXBsZS5uZXSgJwYIKwYBBQUHCAegGxYZX2RvbWFpbi1zLmRu\n"   \
	"cy5leGFtcGxlLm5ldKAiBggrBgEFBQcIB6AWFhRfZG9oLmRucy5leGFtcGxlLm5l\n"   \
	"dDAdBgNVHQ4EFgQU3XUH+NuKoZAYYhUntvOcQPAQpZgwCgYIKoZIzj0EAwIDRwAw\n"   \
	"RAIgBWz564cYQiFMsg2xg6r9TM0QKFTgSBvbDa1p0D8UFxoCIE+jOOmLmBxiQW25\n"   \
	"86TbUprbE5FoCm+li+g5NuNMTO0s\n"                                       \
	"-----END CERTIFICATE-----\n"

/* dns.example.net, DoT, below issuing */
#define PEM_NEXT                                                               \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIB/jCCAaSgAwIBAgIUPPLoOt3TlXzF+mmgHvTKYX7YExkwCgYIKoZIzj0EAwIw\n"   \
	"GjEYMBYGA1UEAwwPVGVzdCBpc3N1aW5nIENBMCAXDTI2MTEyMTE4NTEyOFoYDzIx\n"   \
	"MjYxMDI4MTg1MTI4WjAaMRgwFgYDVQQDDA9kbnMuZXhhbXBsZS5uZXQwWTATBgcq\n"   \
	"hkjOPQIBBggqhkjOPQMBBwNCAASQSu4J0KnAe4w2/XwfB2F7GnVvnGqYBEB5w+wf\n"   \
	"0poVTUjeTpPzIGm6AISv0z52FDymguEpA9JBnCJ5McEv4Cmxo4HFMIHCMAwGA1Ud\n"   \
	"EwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMB0GA1UdJQQWMBQGCCsGAQUFBwMBBggr\n"   \
	"BgEFBQcDAjAfBgNVHSMEGDAWgBQBM6JVH3WT/WJ4EjZCjDu8CH/TZjBDBgNVHREE\n"   \
	"PDA6gg9kbnMuZXhhbXBsZS5uZXSgJwYIKwYBBQUHCAegGxYZX2RvbWFpbi1zLmRu\n"   \
	"cy5leGFtcGxlLm5ldDAdBgNVHQ4EFgQUNNETGbsRNvzTpca+R2IzFp+wGVIwCgYI\n"   \
	"KoZIzj0EAwIDSAAwRQIgZTItzWIL/m2biYN2UTB6K1EqGqsGIBZu5bEWrac7kUIC\n"   \
	"IQDqLiJiRGBqI3uWZgjQMPPvCwUF2n54C5GD4pDQQrsWZw==\n"                   \
	"-----END CERTIFICATE-----\n"

/* est.example.net, below issuing */
#define PEM_EST                                                                \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIBzDCCAXGgAwIBAgIUPPLoOt3TlXzF+mmgHvTKYX7YExowCgYIKoZIzj0EAwIw\n"   \
	"GjEYMBYGA1UEAwwPVGVzdCBpc3N1aW5nIENBMCAXDTI2MTEyMTE4NTEyOFoYDzIx\n"   \
	"MjYxMDI4MTg1MTI4WjAaMRgwFgYDVQQDDA9lc3QuZXhhbXBsZS5uZXQwWTATBgcq\n"   \
	"hkjOPQIBBggqhkjOPQMBBwNCAAQAL5wsDjVKz44mlaXaKyLJnTnhhyX3DFZyY3aI\n"   \
	"rDXHbhtj0/PA0OqbV4n92mB2dAI6dP4Ee9MbIxJOgTMSKxQto4GSMIGPMAwGA1Ud\n"   \
	"EwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMBMGA1UdJQQMMAoGCCsGAQUFBwMBMB8G\n"   \
	"A1UdIwQYMBaAFAEzolUfdZP9YngSNkKMO7wIf9NmMBoGA1UdEQQTMBGCD2VzdC5l\n"   \
	"eGFtcGxlLm5ldDAdBgNVHQ4EFgQUdmxCwrs/Mqm0iwQ2b9kCJJ0TDRMwCgYIKoZI\n"   \
	"zj0EAwIDSQAwRgIhANnkyro4av+6NvyDi4AsJ0pz2lHKwVYLe//8541D+8AnAiEA\n"   \
	"/LSE1a/yZeRC+15GsT0GlgKyb6dFFpg1tvSeDj0QaOA=\n"                       \
	"-----END CERTIFICATE-----\n"

/* dns.example.net, DoT, below freeroot */
#define PEM_STRAY                                                              \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIICATCCAaegAwIBAgIUGR0oOVk1d4sCkXQkmibETm0zaa4wCgYIKoZIzj0EAwIw\n"   \
	"HTEbMBkGA1UEAwwSVW5jb25zdHJhaW5lZCByb290MCAXDTI2MTEyMTE4NTEyOFoY\n"   \
	"DzIxMjYxMDI4MTg1MTI4WjAaMRgwFgYDVQQDDA9kbnMuZXhhbXBsZS5uZXQwWTAT\n"   \
	"BgcqhkjOPQIBBggqhkjOPQMBBwNCAAQhC0NZOuCHxMaY+FE8Y7X3PEG21Phdt8kA\n"   \
	"VcnAdxgkk8bsaSRiZ6xZY2kfJp+EAa72J4GYt+kudGPIpNODnniLo4HFMIHCMAwG\n"   \
	"A1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMB0GA1UdJQQWMBQGCCsGAQUFBwMB\n"   \
	"BggrBgEFBQcDAjAfBgNVHSMEGDAWgBQTllfftgQk5OaIZFkGNgs6iYIy3DBDBgNV\n"   \
	"HREEPDA6gg9kbnMuZXhhbXBsZS5uZXSgJwYIKwYBBQUHCAegGxYZX2RvbWFpbi1z\n"   \
	"LmRucy5leGFtcGxlLm5ldDAdBgNVHQ4EFgQUj3QsVsGpWGOZAr2yppqu4SFjC9ow\n"   \
	"CgYIKoZIzj0EAwIDSAAwRQIhALD3fdxgNDjAn5xV0CghjI9NYkJACiDMM+eGfzwQ\n"   \
	"rgFxAiAgZCqXoglNq0M+wt5LcTmS3gYOc6OEB1R1GtDNO6rXtg==\n"               \
	"-----END CERTIFICATE-----\n"

#endif
