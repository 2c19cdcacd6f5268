-- Contacts: those of the contact list and those that only leads and touches name. Nothing personal: no name, no phone, no
-- e-mail, not even their tokens; only whether they are known.
with undeclared as (
  {{ undeclared_members(
    [('int_lead', 'contact_id'), ('int_touch', 'contact_id')],
    ('stg_contact', 'contact_id')
  ) }}
)

select
  contacts.contact_id,
  accounts.account_id,
  contacts.customer_id,
  contacts.role,
  contacts.company,
  contacts.name is not null as has_name,
  contacts.phone is not null as has_phone,
  contacts.email is not null as has_email,
  true as is_declared,
  {{ lineage('contacts') }}
from {{ ref('stg_contact') }} as contacts
left join {{ ref('int_contact_account') }} as accounts on contacts.contact_id = accounts.contact_id
union all
select
  member_id as contact_id,
  cast(null as string) as account_id,
  cast(null as string) as customer_id,
  cast(null as string) as role,
  cast(null as string) as company,
  false as has_name,
  false as has_phone,
  false as has_email,
  false as is_declared,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from undeclared
